// Kernels of one instruction set for functions without weights. Each has the bits of the reference
// function of its name, NaNs aside: that a float result is NaN is defined, which NaN it is is not.
#pragma once

#include <span>

#include "engine/kernels/isa.h"
#include "engine/kernels/pool/pool.h"
#include "engine/kernels/quantize/quantize.h"

namespace durward {

struct VectorKernels {
  Isa isa = Isa::kPortable;
  decltype(&durward::quantize_int8) quantize_int8 = nullptr;
  decltype(&durward::max_pool_float) max_pool_float = nullptr;
};

// Slowest first; the first has the reference functions.
[[nodiscard]] std::span<const VectorKernels> vector_kernels() noexcept;

// The fastest that this machine has, up to `highest`.
[[nodiscard]] const VectorKernels& fastest_vector_kernels(Isa highest) noexcept;

#if defined(__x86_64__)
// Data, not functions: what an instruction set's file has runs only where the machine has it.
extern const VectorKernels kVectorKernelsAvx2, kVectorKernelsAvx512;
#elif defined(__aarch64__)
extern const VectorKernels kVectorKernelsNeon;
#endif

}  // namespace durward
