// 32 secret bytes in memory that is locked, guarded, and wiped when it goes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/status.h"

namespace durward {

class Secret {
 public:
  static constexpr size_t kBytes = 32;

  // From the system's random numbers. ResourceExhausted where no memory can be locked.
  [[nodiscard]] static absl::StatusOr<Secret> generate();
  // A copy; the caller wipes the original. ResourceExhausted as above.
  [[nodiscard]] static absl::StatusOr<Secret> copy(std::span<const std::byte, kBytes> bytes);

  [[nodiscard]] std::span<const std::byte, kBytes> bytes() const;
  // For whoever fills it.
  [[nodiscard]] std::span<std::byte, kBytes> writable_bytes();

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  explicit Secret(std::byte* bytes) : bytes_(bytes) {}
  static absl::StatusOr<Secret> allocate();

  std::unique_ptr<std::byte, Free> bytes_;
};

// Overwrites what is no longer needed, also where the compiler sees no reader.
void wipe(std::span<std::byte> bytes);

}  // namespace durward
