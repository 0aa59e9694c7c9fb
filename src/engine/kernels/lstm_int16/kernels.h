// The integer LSTM kernels that were built, one per instruction set.
#pragma once

#include <cstddef>
#include <span>

#include "engine/kernels/isa.h"
#include "engine/kernels/lstm_int16/lstm_int16.h"

namespace durward {

// As LayerKernel has them; each has the bits of lstm_int16().
struct LstmInt16Kernel {
  Isa isa = Isa::kPortable;
  bool (*takes)(const LstmInt16& lstm) noexcept = nullptr;
  size_t (*packed_bytes)(const LstmInt16& lstm) noexcept = nullptr;
  void (*pack)(const LstmInt16& lstm, std::byte* packed) noexcept = nullptr;
  size_t (*scratch_bytes)(const LstmInt16& lstm) noexcept = nullptr;
  void (*run)(const LstmInt16& lstm, const std::byte* packed,
              const LstmInt16Operands& operands) noexcept = nullptr;
};

// Slowest first; the first is the portable one.
[[nodiscard]] std::span<const LstmInt16Kernel> lstm_int16_kernels() noexcept;

#if defined(__x86_64__)
// Data, not functions: what an instruction set's file has runs only where the machine has it.
extern const LstmInt16Kernel kLstmInt16Avx2, kLstmInt16Avx512Vnni;
#elif defined(__aarch64__)
extern const LstmInt16Kernel kLstmInt16Neon;
#endif

}  // namespace durward
