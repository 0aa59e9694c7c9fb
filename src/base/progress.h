// How long work reports where it is; the application draws it, libraries only tell.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace durward {

// Called from any thread, not concurrently, with done <= total. Returning false asks the work to
// stop: it then returns CancelledError and leaves nothing half written.
using Progress = std::function<bool(std::string_view step, int64_t done, int64_t total)>;

}  // namespace durward
