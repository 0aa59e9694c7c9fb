#include "engine/kernels/conv2d/float_tiles.h"
#include "engine/kernels/floats_avx512.h"

namespace durward {

const Conv2DFloatKernel kConv2DFloatAvx512 = tile_kernel<FloatsAvx512>(Isa::kAvx512Vnni);

}  // namespace durward
