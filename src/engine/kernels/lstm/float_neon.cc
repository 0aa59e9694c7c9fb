#include "engine/kernels/floats_neon.h"
#include "engine/kernels/lstm/float_steps.h"

namespace durward {

const LstmFloatKernel kLstmFloatNeon = LstmSteps<FloatsNeon, kConv2DFloatNeon>::kernel(Isa::kNeon);

}  // namespace durward
