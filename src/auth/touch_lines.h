// Lines as they come from a file, a pipe or standard input, with a time limit and a way to stop.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "auth/session_clock.h"
#include "base/file_descriptor.h"
#include "base/status.h"

namespace durward {

// One thread at a time; stop() from any.
class TouchLines {
 public:
  // "-" is standard input. Errors: NotFound, PermissionDenied; those of the system.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<TouchLines>> open(const std::string& place);

  [[nodiscard]] const std::string& place() const { return place_; }
  // The next line that is not empty, without its end. DeadlineExceeded at `until_ms` of the clock,
  // Cancelled after stop(), Unavailable where there are no more; InvalidArgument for a line of more
  // than kMaxTouchLineBytes, which is passed over.
  [[nodiscard]] absl::StatusOr<std::string> next(int64_t until_ms, const SessionClock& clock);
  void stop();
  void restart() { stopped_ = false; }  // forgets a stop

 private:
  TouchLines(std::string place, FileDescriptor file, FileDescriptor wake)
      : place_(std::move(place)), file_(std::move(file)), wake_(std::move(wake)) {}

  absl::StatusOr<bool> read_more(int64_t wait_ms);

  std::string place_;
  FileDescriptor file_;
  FileDescriptor wake_;  // an eventfd, which stop() makes readable
  std::string buffer_;
  bool too_long_ = false, ended_ = false;
  std::atomic<bool> stopped_ = false;
};

}  // namespace durward
