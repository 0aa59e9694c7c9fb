#include "engine/kernels/bytes_neon.h"
#include "engine/kernels/floats_neon.h"
#include "engine/kernels/vectors/vectors.h"

namespace durward {

const VectorKernels kVectorKernelsNeon = vector_kernels_of<FloatsNeon, BytesNeon>(Isa::kNeon);

}  // namespace durward
