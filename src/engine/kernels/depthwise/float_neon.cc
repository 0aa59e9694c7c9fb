#include "engine/kernels/depthwise/float_strips.h"
#include "engine/kernels/floats_neon.h"

namespace durward {

const DepthwiseFloatKernel kDepthwiseFloatNeon = strip_kernel<FloatsNeon>(Isa::kNeon);

}  // namespace durward
