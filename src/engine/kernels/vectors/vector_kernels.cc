#include "engine/kernels/vectors/vector_kernels.h"

namespace durward {

std::span<const VectorKernels> vector_kernels() noexcept {
  // Copied when first asked for: a constant cannot be made of what other files define.
  static const VectorKernels kernels[] = {
    {Isa::kPortable, quantize_int8, max_pool_float, max_pool_int8, add_int8, mul_int8, lookup_int8,
     unary_float, sum_int8, resize_linear_int8},
#if defined(__x86_64__)
    kVectorKernelsAvx2,
    kVectorKernelsAvx512,
#elif defined(__aarch64__)
    kVectorKernelsNeon,
#endif
  };
  return kernels;
}

const VectorKernels& fastest_vector_kernels(Isa highest) noexcept {
  const VectorKernels* best = &vector_kernels().front();
  for (const VectorKernels& kernels : vector_kernels()) {
    if (kernels.isa <= highest && available(kernels.isa)) best = &kernels;
  }
  return *best;
}

bool run_as_vectors(const LoopNest& loop) noexcept {
  const int64_t a = loop.stride_a[loop.rank - 1], b = loop.stride_b[loop.rank - 1];
  return (a == 0 || a == 1) && (b == 0 || b == 1);
}

bool run_as_vectors(const Reduction& reduction) noexcept {
  const LoopNest& loop = reduction.loop;
  return loop.stride_a[loop.rank - 1] == 1 && loop.stride_b[loop.rank - 1] == 1;
}

bool run_as_vectors(const UnaryFunction& function) noexcept {
  return function.kind == FloatUnary::kLeakyRelu;
}

}  // namespace durward
