#include "engine/kernels/floats_avx2.h"
#include "engine/kernels/lstm/float_steps.h"

namespace durward {

const LstmFloatKernel kLstmFloatAvx2 = LstmSteps<FloatsAvx2, kConv2DFloatAvx2>::kernel(Isa::kAvx2);

}  // namespace durward
