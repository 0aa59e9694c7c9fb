// What the values of a kernel call's constants have to be so that it stays inside its operands.
#pragma once

#include "engine/kernel_call.h"

namespace durward {

// Why the values of the call's constants would make it leave its operands or overflow, or nullptr.
// The operands have the sizes that needs_of() of call_needs.h
// asks for.
[[nodiscard]] const char* constants_problem(const KernelCall& call, const CallOperands& operands);

}  // namespace durward
