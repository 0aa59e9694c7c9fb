// What the adapters of all runtimes share: the check of a run's buffers, and the names of errors.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "runtimes/runtime.h"

namespace durward {

// The bytes that run() takes or gives for the port.
[[nodiscard]] size_t byte_size(const PortInfo& port);

// InvalidArgument unless there is one span per port, of exactly the port's size and not null.
[[nodiscard]] absl::Status check_buffers(const RuntimeModel& model,
                                         std::span<const std::span<const std::byte>> inputs,
                                         std::span<const std::span<std::byte>> outputs);

// The error of profile() for a model that was loaded without options.profile.
[[nodiscard]] absl::Status not_profiled();

}  // namespace durward
