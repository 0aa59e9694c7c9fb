#include "auth/boot_clock.h"

#include <absl/strings/ascii.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/file_descriptor.h"

namespace durward {

absl::StatusOr<BootTime> SystemBootClock::now() const {
  constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";
  const FileDescriptor file(::open(kBootId, O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return errno_status(errno, "cannot open", kBootId);
  char text[64];
  const ssize_t bytes = ::read(file.get(), text, sizeof(text));
  if (bytes < 0) return errno_status(errno, "cannot read", kBootId);
  BootTime time;
  time.boot_id.assign(text, static_cast<size_t>(bytes));
  absl::StripAsciiWhitespace(&time.boot_id);
  struct timespec since {};
  if (time.boot_id.empty() || ::clock_gettime(CLOCK_BOOTTIME, &since) != 0) {
    return absl::UnavailableError(
        "the kernel does not tell the time since its start, so no lock-out can be kept");
  }
  time.ms = int64_t{since.tv_sec} * 1000 + since.tv_nsec / 1'000'000;
  return time;
}

}  // namespace durward
