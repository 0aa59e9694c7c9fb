// Latency of models side by side: all in one process, interleaved in rounds of shuffled order, so
// that what disturbs the machine disturbs each of them alike.
#pragma once

#include <sched.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "runtimes/runtime.h"

namespace durward {

// Keeps the calling thread, and every thread that it starts, on some CPUs until destroyed. Pin
// before the models are loaded: a runtime's own threads are started then.
class CpuPin {
 public:
  // Errors: InvalidArgument where the process may not run on one of them.
  [[nodiscard]] static absl::StatusOr<CpuPin> to(std::span<const int> cpus);
  [[nodiscard]] static absl::StatusOr<CpuPin> to(int cpu) { return to(std::span(&cpu, 1)); }
  CpuPin(CpuPin&& other) noexcept;
  CpuPin& operator=(CpuPin&&) = delete;
  ~CpuPin();

 private:
  explicit CpuPin(const cpu_set_t& before) : before_(before) {}
  cpu_set_t before_;
  bool active_ = true;
};

struct BenchOptions {
  int rounds = 10;
  int runs = 100;     // timed runs of each model in each round
  int warm_up = 10;   // untimed runs before them
  uint64_t seed = 1;  // of the order in each round
};

// In microseconds.
struct Latency {
  double median = 0, p90 = 0;                  // over all timed runs
  double lowest_round = 0, highest_round = 0;  // of the medians of the rounds
};

struct BenchTimes {
  Latency wall;
  // Of the whole process, so with one thread per model it leaves out what other programs took.
  Latency cpu;
  std::vector<double> wall_rounds, cpu_rounds;  // the median of each round
};

// The ratio of two models' medians, round by round.
struct Ratio {
  double median = 0, lowest = 0, highest = 0;
};
[[nodiscard]] Ratio ratio(std::span<const double> rounds, std::span<const double> base_rounds);

// Median and 90th percentile (nearest rank) of the runs, and the range of the rounds' medians.
// `rounds` holds at least one round, each at least one time.
[[nodiscard]] Latency summarise(std::span<const std::vector<double>> rounds);

// What is measured: a loaded model and the input it is given, as RuntimeModel::run takes it.
struct BenchSubject {
  RuntimeModel* model = nullptr;
  std::vector<std::vector<std::byte>> inputs;
};

// The times of each subject, in the order given. Errors: those of a model's run, CancelledError,
// InvalidArgument for counts below one.
[[nodiscard]] absl::StatusOr<std::vector<BenchTimes>> measure(std::span<BenchSubject> subjects,
                                                              const BenchOptions& options,
                                                              const Progress& progress = nullptr);

}  // namespace durward
