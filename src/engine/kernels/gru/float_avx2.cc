#include "engine/kernels/floats_avx2.h"
#include "engine/kernels/gru/float_steps.h"

namespace durward {

const GruFloatKernel kGruFloatAvx2 = GruSteps<FloatsAvx2, kConv2DFloatAvx2>::kernel(Isa::kAvx2);

}  // namespace durward
