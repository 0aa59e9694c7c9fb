// Time that nobody can set: milliseconds since this start of the machine, sleep included, and which
// start it is.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace durward {

struct BootTime {
  std::string boot_id;  // another at each start
  int64_t ms = 0;       // since the start
};

class BootClock {
 public:
  virtual ~BootClock() = default;
  // From any thread.
  [[nodiscard]] virtual absl::StatusOr<BootTime> now() const = 0;
};

// CLOCK_BOOTTIME and /proc/sys/kernel/random/boot_id. Unavailable where the kernel gives neither.
class SystemBootClock final : public BootClock {
 public:
  [[nodiscard]] absl::StatusOr<BootTime> now() const override;
};

}  // namespace durward
