// Kernels of one instruction set for functions without weights. Each has the bits of the reference
// function of its name, NaNs aside: that a float result is NaN is defined, which NaN it is is not.
#pragma once

#include <span>

#include "engine/kernels/binary/binary.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/isa.h"
#include "engine/kernels/pool/pool.h"
#include "engine/kernels/quantize/quantize.h"
#include "engine/kernels/reduce/reduce.h"
#include "engine/kernels/resize/resize.h"

namespace durward {

struct VectorKernels {
  Isa isa = Isa::kPortable;
  decltype(&durward::quantize_int8) quantize_int8 = nullptr;
  decltype(&durward::max_pool_float) max_pool_float = nullptr;
  decltype(&durward::max_pool_int8) max_pool_int8 = nullptr;
  decltype(&durward::add_int8) add_int8 = nullptr;
  decltype(&durward::mul_int8) mul_int8 = nullptr;
  decltype(&durward::lookup_int8) lookup_int8 = nullptr;
  decltype(&durward::unary_float) unary_float = nullptr;
  decltype(&durward::sum_int8) sum_int8 = nullptr;
  decltype(&durward::resize_linear_int8) resize_linear_int8 = nullptr;
};

// Slowest first; the first has the reference functions.
[[nodiscard]] std::span<const VectorKernels> vector_kernels() noexcept;

// The fastest that this machine has, up to `highest`.
[[nodiscard]] const VectorKernels& fastest_vector_kernels(Isa highest) noexcept;

// What the kernels of the instruction sets leave to the reference otherwise. Of two tensors: rows
// that are whole or repeat one element.
[[nodiscard]] bool run_as_vectors(const LoopNest& loop) noexcept;
// Rows whose elements go to as many sums; not a row that is one sum.
[[nodiscard]] bool run_as_vectors(const Reduction& reduction) noexcept;
// A leaky ReLU, whose condition keeps compilers from making vectors of the reference.
[[nodiscard]] bool run_as_vectors(const UnaryFunction& function) noexcept;

#if defined(__x86_64__)
// Data, not functions: what an instruction set's file has runs only where the machine has it.
extern const VectorKernels kVectorKernelsAvx2, kVectorKernelsAvx512;
#elif defined(__aarch64__)
extern const VectorKernels kVectorKernelsNeon;
#endif

}  // namespace durward
