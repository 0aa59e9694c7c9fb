#include "engine/kernels/depthwise/float_strips.h"
#include "engine/kernels/floats_avx512.h"

namespace durward {

const DepthwiseFloatKernel kDepthwiseFloatAvx512 = strip_kernel<FloatsAvx512>(Isa::kAvx512Vnni);

}  // namespace durward
