#include "engine/kernels/conv2d/float_tiles.h"
#include "engine/kernels/floats_neon.h"

namespace durward {

const Conv2DFloatKernel kConv2DFloatNeon = tile_kernel<FloatsNeon>(Isa::kNeon);

}  // namespace durward
