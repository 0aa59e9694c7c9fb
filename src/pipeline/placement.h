// What the records of a runtime's profiler say of where ops ran.
#pragma once

#include "runtimes/runtime.h"

namespace durward {

// A conversion, there by design where float ports meet an integer model.
[[nodiscard]] bool converts(const OpRecord& record);
// Computes in float.
[[nodiscard]] bool runs_in_float(const OpRecord& record);

}  // namespace durward
