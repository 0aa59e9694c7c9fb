// The float GRU kernels that were built, one per instruction set.
#pragma once

#include <span>

#include "engine/kernels/float_kernel.h"
#include "engine/kernels/gru/gru.h"

namespace durward {

// Packing looks at the weights and the bias alone, a run at the initial states of its layer too.
using GruFloatKernel = FloatKernel<GruFloat>;

// Slowest first; the first is the portable one.
[[nodiscard]] std::span<const GruFloatKernel> gru_float_kernels() noexcept;

#if defined(__x86_64__)
// Data, not functions: what an instruction set's file has runs only where the machine has it.
extern const GruFloatKernel kGruFloatAvx2, kGruFloatAvx512;
#elif defined(__aarch64__)
extern const GruFloatKernel kGruFloatNeon;
#endif

}  // namespace durward
