// The float LSTM kernels that were built, one per instruction set.
#pragma once

#include <span>

#include "engine/kernels/float_kernel.h"
#include "engine/kernels/lstm/lstm.h"

namespace durward {

// Packing looks at the weights and the bias alone, a run at the initial states of its layer too.
using LstmFloatKernel = FloatKernel<LstmFloat>;

// Slowest first; the first is the portable one.
[[nodiscard]] std::span<const LstmFloatKernel> lstm_float_kernels() noexcept;

#if defined(__x86_64__)
// Data, not functions: what an instruction set's file has runs only where the machine has it.
extern const LstmFloatKernel kLstmFloatAvx2, kLstmFloatAvx512;
#elif defined(__aarch64__)
extern const LstmFloatKernel kLstmFloatNeon;
#endif

}  // namespace durward
