#include "engine/kernels/bytes_avx2.h"
#include "engine/kernels/floats_avx2.h"
#include "engine/kernels/vectors/vectors.h"

namespace durward {

const VectorKernels kVectorKernelsAvx2 = vector_kernels_of<FloatsAvx2, BytesAvx2>(Isa::kAvx2);

}  // namespace durward
