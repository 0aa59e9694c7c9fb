// The processor's own counters, of this thread, where the kernel lets a program read them.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace durward::device {

struct CounterValues {
  uint64_t cycles = 0, instructions = 0, cache_misses = 0;
};

class PerfCounters {
 public:
  // Counts from here on what the thread does outside the kernel; see available().
  PerfCounters();
  ~PerfCounters();
  PerfCounters(const PerfCounters&) = delete;
  PerfCounters& operator=(const PerfCounters&) = delete;

  [[nodiscard]] bool available() const { return reason_.empty(); }
  // Why they are not, with what to do about it.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  // Since the beginning; zeros where they are not available.
  [[nodiscard]] CounterValues read() const noexcept;

 private:
  std::array<int, 3> files_{-1, -1, -1};  // a group, its leader first
  std::string reason_;
};

}  // namespace durward::device
