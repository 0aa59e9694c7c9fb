#include "device/perf_counters.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace durward::device {
namespace {

constexpr uint64_t kEvents[] = {PERF_COUNT_HW_CPU_CYCLES, PERF_COUNT_HW_INSTRUCTIONS,
                                PERF_COUNT_HW_CACHE_MISSES};

int open_event(uint64_t event, int leader) {
  perf_event_attr attributes;
  std::memset(&attributes, 0, sizeof(attributes));
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.size = sizeof(attributes);
  attributes.config = event;
  attributes.exclude_kernel = attributes.exclude_hv = 1;
  attributes.read_format = PERF_FORMAT_GROUP;
  return static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, 0, -1, leader, PERF_FLAG_FD_CLOEXEC));
}

std::string reason_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "the kernel does not let this user count: set kernel.perf_event_paranoid to 2 or less";
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
      return "this machine has no hardware counters, as most virtual ones";
    case ENOSYS:
      return "this kernel has no perf_event_open";
    default:
      return std::string("perf_event_open: ") + std::strerror(error);
  }
}

}  // namespace

PerfCounters::PerfCounters() {
  size_t opened = 0;
  for (const uint64_t event : kEvents) {
    const int file = open_event(event, files_[0]);  // the leader, or -1 for itself
    if (file < 0) {
      reason_ = reason_of(errno);
      return;
    }
    files_[opened++] = file;
  }
}

PerfCounters::~PerfCounters() {
  for (const int file : files_) {
    if (file >= 0) ::close(file);
  }
}

CounterValues PerfCounters::read() const noexcept {
  struct {
    uint64_t count;
    uint64_t values[3];
  } group{};
  if (!available() || ::read(files_[0], &group, sizeof(group)) != sizeof(group)) return {};
  return {group.values[0], group.values[1], group.values[2]};
}

}  // namespace durward::device
