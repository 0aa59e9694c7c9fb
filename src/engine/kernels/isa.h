// The instruction sets that kernels are written for, and which of them this machine has.
#pragma once

#include <cstdint>
#include <span>

namespace durward {

enum class Isa : uint8_t {
  kPortable,
  kAvx2,
  kAvxVnni,
  kAvx512Vnni,
  kAmx,
  kNeon,
  kNeonDotprod,
  kNeonI8mm,
};

// Each instruction set of the architecture that this was built for, the portable one first and
// faster ones later.
[[nodiscard]] std::span<const Isa> isas() noexcept;
[[nodiscard]] const char* name(Isa isa) noexcept;

// Whether the processor and the operating system both support it. The first question about AMX
// asks Linux for the right to its tile registers.
[[nodiscard]] bool available(Isa isa) noexcept;

}  // namespace durward
