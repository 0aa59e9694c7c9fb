// The engine's errors as the rest of the program has them.
#pragma once

#include "base/status.h"
#include "engine/session.h"

namespace durward {

[[nodiscard]] absl::Status engine_status(const EngineError& error);

}  // namespace durward
