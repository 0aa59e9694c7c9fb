#include "engine/kernels/floats_avx512.h"
#include "engine/kernels/gru/float_steps.h"

namespace durward {

const GruFloatKernel kGruFloatAvx512 =
    GruSteps<FloatsAvx512, kConv2DFloatAvx512>::kernel(Isa::kAvx512Vnni);

}  // namespace durward
