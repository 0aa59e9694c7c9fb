// What a kernel call needs of its operands so that it stays inside them whatever the data.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "engine/kernel_call.h"

namespace durward {

inline constexpr size_t kMaxCallInputs = 6;

struct OperandNeed {
  int64_t bytes = 0;      // from the operand's start
  int64_t alignment = 1;  // of its elements, in bytes
  bool optional = false;  // may be left out
  bool constant = false;  // has to be a constant, which is checked once
};

struct CallNeeds {
  // Why the call can run on no operands at all, or nullptr.
  const char* problem = nullptr;
  std::array<OperandNeed, kMaxCallInputs> inputs;
  size_t input_count = 0;
  OperandNeed output;
};

[[nodiscard]] CallNeeds needs_of(const KernelCall& call);

}  // namespace durward
