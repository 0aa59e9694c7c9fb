#include "engine/kernels/floats_neon.h"
#include "engine/kernels/gru/float_steps.h"

namespace durward {

const GruFloatKernel kGruFloatNeon = GruSteps<FloatsNeon, kConv2DFloatNeon>::kernel(Isa::kNeon);

}  // namespace durward
