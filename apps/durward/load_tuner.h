// Fine-tuning comes in a module of its own, with libtorch behind it, which takes half a second to
// load.
#pragma once

#include "tune/tune.h"

namespace durward {

// Unavailable where the module was not built or does not load; says what to install.
[[nodiscard]] absl::StatusOr<Tuner> load_tuner();

}  // namespace durward
