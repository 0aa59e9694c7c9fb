#include "auth/touch_lines.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>

#include "auth/touch_entry.h"
#include "base/errno_status.h"

namespace durward {
namespace {

// How often a clock that is no machine's is asked again.
constexpr int64_t kMostWaitMilliseconds = 100;

}  // namespace

absl::StatusOr<std::unique_ptr<TouchLines>> TouchLines::open(const std::string& place) {
  const int fd = place == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                              : ::open(place.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno_status(errno, "cannot open", place);
  FileDescriptor file(fd);
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.get() < 0) return errno_status(errno, "no event for", place);
  return std::unique_ptr<TouchLines>(new TouchLines(place, std::move(file), std::move(wake)));
}

// False where nothing came in that time.
absl::StatusOr<bool> TouchLines::read_more(int64_t wait_ms) {
  pollfd waits[] = {{file_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  const int ready = ::poll(waits, 2, static_cast<int>(wait_ms));
  if (ready < 0 && errno != EINTR) return errno_status(errno, "cannot wait for", place_);
  if (ready <= 0) return false;
  if (waits[1].revents != 0) {
    uint64_t count = 0;
    if (::read(wake_.get(), &count, sizeof count) < 0 && errno != EAGAIN) {
      return errno_status(errno, "cannot wait for", place_);
    }
  }
  if (waits[0].revents == 0) return false;
  char bytes[4096];
  const ssize_t got = ::read(file_.get(), bytes, sizeof bytes);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return false;
    return errno_status(errno, "cannot read", place_);
  }
  ended_ = got == 0;
  buffer_.append(bytes, static_cast<size_t>(got));
  return true;
}

absl::StatusOr<std::string> TouchLines::next(int64_t until_ms, const SessionClock& clock) {
  for (;;) {
    if (stopped_) return absl::CancelledError("stopped");
    const size_t end = buffer_.find('\n');
    if (end != std::string::npos || (ended_ && !buffer_.empty())) {
      const std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end == std::string::npos ? end : end + 1);
      const bool too_long = std::exchange(too_long_, false) || line.size() > kMaxTouchLineBytes;
      if (too_long) {
        return absl::InvalidArgumentError(
            absl::StrCat(place_, ": a line of more than ", kMaxTouchLineBytes, " bytes"));
      }
      if (!line.empty()) return line;
      continue;
    }
    if (ended_) return absl::UnavailableError(absl::StrCat(place_, ": there are no more entries"));
    if (buffer_.size() > kMaxTouchLineBytes) {
      too_long_ = true;
      buffer_.clear();
    }
    const int64_t left_ms = until_ms - clock.now_ms();
    if (left_ms <= 0) return absl::DeadlineExceededError("no entry came in time");
    DURWARD_RETURN_IF_ERROR(read_more(std::min(left_ms, kMostWaitMilliseconds)).status());
  }
}

void TouchLines::stop() {
  stopped_ = true;
  const uint64_t one = 1;
  // A full counter wakes as well.
  if (::write(wake_.get(), &one, sizeof one) < 0) return;
}

}  // namespace durward
