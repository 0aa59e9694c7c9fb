#include "engine/kernels/conv2d/float_tiles.h"
#include "engine/kernels/floats_avx2.h"

namespace durward {

const Conv2DFloatKernel kConv2DFloatAvx2 = tile_kernel<FloatsAvx2>(Isa::kAvx2);

}  // namespace durward
