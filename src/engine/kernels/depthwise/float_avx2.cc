#include "engine/kernels/depthwise/float_strips.h"
#include "engine/kernels/floats_avx2.h"

namespace durward {

const DepthwiseFloatKernel kDepthwiseFloatAvx2 = strip_kernel<FloatsAvx2>(Isa::kAvx2);

}  // namespace durward
