// Measures each step of a session's runs by the question that a session asks between two steps
// whether to stop: a session that is not profiled has nothing to pay for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/perf_counters.h"
#include "engine/session.h"

namespace durward::device {

// A median and how far values lie around it: the 10th and the 90th percentile (nearest rank).
struct Spread {
  double median = 0, low = 0, high = 0;
};
// Of at least one value.
[[nodiscard]] Spread spread_of(std::vector<double> values);

// A step of one run; a slide's time is its own, not that of the call that it makes room for.
struct StepTime {
  double start_us = 0, us = 0;
};

class CallProfiler {
 public:
  // Of the plan of a session, which outlives the profiler. Takes the memory for `runs` runs; what
  // more need is taken before they begin.
  explicit CallProfiler(const Plan& plan, size_t runs = 0);

  // Around each run, with signal() as its StopSignal. With several threads a step's time is the
  // calling one's, and where that waits for the others it is the last step before.
  void begin_run();
  void end_run() noexcept;
  [[nodiscard]] StopSignal signal() noexcept;

  [[nodiscard]] size_t runs() const { return run_; }
  // Microseconds of each run in a call, the rows that slide for it counted.
  [[nodiscard]] std::vector<double> times_of_call(size_t call) const;
  // Microseconds of each run.
  [[nodiscard]] std::vector<double> times_of_runs() const;
  // The steps of the run whose time is the median, by step of the plan.
  [[nodiscard]] std::vector<StepTime> steps_of_median_run() const;

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] double microseconds(size_t run, size_t step) const;

  const Plan& plan_;
  std::vector<Clock::time_point>
      times_;  // [run, step + 1]: when each step began, and the run's end
  size_t run_ = 0, step_ = 0;
};

// The same for the processor's counters, in a session's further runs: reading them takes longer
// than a clock.
class CallCounter {
 public:
  CallCounter(const Plan& plan, const PerfCounters& counters);
  void begin_run() noexcept;
  void end_run() noexcept;
  [[nodiscard]] StopSignal signal() noexcept;
  // Means of a run.
  [[nodiscard]] CounterValues of_call(size_t call) const;

 private:
  void end_step() noexcept;

  const Plan& plan_;
  const PerfCounters& counters_;
  std::vector<CounterValues> sums_;  // by call
  CounterValues last_;
  size_t step_ = 0;
  uint64_t runs_ = 0;
  bool started_ = false;
};

}  // namespace durward::device
