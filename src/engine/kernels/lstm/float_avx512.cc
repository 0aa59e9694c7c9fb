#include "engine/kernels/floats_avx512.h"
#include "engine/kernels/lstm/float_steps.h"

namespace durward {

const LstmFloatKernel kLstmFloatAvx512 =
    LstmSteps<FloatsAvx512, kConv2DFloatAvx512>::kernel(Isa::kAvx512Vnni);

}  // namespace durward
