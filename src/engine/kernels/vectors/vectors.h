// VectorKernels for vectors F of floats and B of int8 (floats_avx2.h and bytes_avx2.h say what they
// have). For the files that are compiled for an instruction set alone.
#pragma once

#include "engine/kernels/vectors/binary_vectors.h"
#include "engine/kernels/vectors/element_vectors.h"
#include "engine/kernels/vectors/pool_vectors.h"
#include "engine/kernels/vectors/reduce_vectors.h"
#include "engine/kernels/vectors/resize_vectors.h"
#include "engine/kernels/vectors/vector_kernels.h"

namespace durward {
namespace {

template <typename F, typename B>
constexpr VectorKernels vector_kernels_of(Isa isa) {
  return {isa,
          quantize_vectors<F>,
          max_pool_vectors<F>,
          max_pool_bytes<B>,
          add_vectors<F>,
          mul_vectors<F>,
          lookup_vectors<B>,
          unary_vectors<F>,
          sum_vectors<F>,
          resize_vectors<F>};
}

}  // namespace
}  // namespace durward
