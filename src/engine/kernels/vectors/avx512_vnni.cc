#include "engine/kernels/bytes_avx512.h"
#include "engine/kernels/floats_avx512.h"
#include "engine/kernels/vectors/vectors.h"

namespace durward {

const VectorKernels kVectorKernelsAvx512 =
    vector_kernels_of<FloatsAvx512, BytesAvx512>(Isa::kAvx512Vnni);

}  // namespace durward
