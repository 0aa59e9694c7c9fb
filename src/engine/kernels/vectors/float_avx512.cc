#include "engine/kernels/floats_avx512.h"
#include "engine/kernels/vectors/float_vectors.h"

namespace durward {

const VectorKernels kVectorKernelsAvx512 = vector_kernels_of<FloatsAvx512>(Isa::kAvx512Vnni);

}  // namespace durward
