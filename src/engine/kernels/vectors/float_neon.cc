#include "engine/kernels/floats_neon.h"
#include "engine/kernels/vectors/float_vectors.h"

namespace durward {

const VectorKernels kVectorKernelsNeon = vector_kernels_of<FloatsNeon>(Isa::kNeon);

}  // namespace durward
