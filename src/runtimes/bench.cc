#include "runtimes/bench.h"

#include <absl/strings/str_join.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "runtimes/ports.h"

namespace durward {
namespace {

double microseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// The smallest value that at least `share` of the values do not exceed.
double nearest_rank(std::vector<double> values, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size()))) - 1;
  const auto at = values.begin() + static_cast<ptrdiff_t>(std::min(rank, values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// A subject with its buffers in the form that run() takes, so that a timed run only runs.
struct Prepared {
  RuntimeModel* model;
  std::vector<std::span<const std::byte>> inputs;
  std::vector<std::vector<std::byte>> output_bytes;
  std::vector<std::span<std::byte>> outputs;
  std::vector<std::vector<double>> wall, cpu;  // one list of times per round
};

Prepared prepare(const BenchSubject& subject) {
  Prepared prepared{subject.model, {subject.inputs.begin(), subject.inputs.end()}, {}, {}, {}, {}};
  for (const PortInfo& port : subject.model->outputs())
    prepared.output_bytes.emplace_back(byte_size(port));
  prepared.outputs.assign(prepared.output_bytes.begin(), prepared.output_bytes.end());
  return prepared;
}

absl::Status run_round(Prepared& subject, const BenchOptions& options) {
  for (int i = 0; i < options.warm_up; ++i)
    DURWARD_RETURN_IF_ERROR(subject.model->run(subject.inputs, subject.outputs));
  std::vector<double> wall, cpu;
  for (int i = 0; i < options.runs; ++i) {
    const double cpu_before = microseconds(CLOCK_PROCESS_CPUTIME_ID);
    const double before = microseconds(CLOCK_MONOTONIC);
    DURWARD_RETURN_IF_ERROR(subject.model->run(subject.inputs, subject.outputs));
    wall.push_back(microseconds(CLOCK_MONOTONIC) - before);
    cpu.push_back(microseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before);
  }
  subject.wall.push_back(std::move(wall));
  subject.cpu.push_back(std::move(cpu));
  return absl::OkStatus();
}

std::vector<double> medians(std::span<const std::vector<double>> rounds) {
  std::vector<double> result;
  for (const std::vector<double>& round : rounds) result.push_back(median(round));
  return result;
}

void shuffle(std::vector<size_t>& order, Random& random) {
  for (size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[random.below(left)]);
}

}  // namespace

absl::StatusOr<CpuPin> CpuPin::to(std::span<const int> cpus) {
  cpu_set_t before, chosen;
  CPU_ZERO(&before);
  CPU_ZERO(&chosen);
  const bool known = sched_getaffinity(0, sizeof before, &before) == 0;
  for (const int cpu : cpus) {
    if (!known || cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET(static_cast<size_t>(cpu), &before))
      return absl::InvalidArgumentError(
          absl::StrCat("this process may not run on CPU ", cpu, "; choose one of its own"));
    CPU_SET(static_cast<size_t>(cpu), &chosen);
  }
  if (sched_setaffinity(0, sizeof chosen, &chosen) != 0)
    return absl::InvalidArgumentError(absl::StrCat("cannot pin to CPU ", absl::StrJoin(cpus, ",")));
  return CpuPin(before);
}

CpuPin::CpuPin(CpuPin&& other) noexcept
    : before_(other.before_), active_(std::exchange(other.active_, false)) {}

CpuPin::~CpuPin() {
  if (active_) sched_setaffinity(0, sizeof before_, &before_);
}

Ratio ratio(std::span<const double> rounds, std::span<const double> base_rounds) {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(rounds.size(), base_rounds.size()); ++i)
    ratios.push_back(rounds[i] / base_rounds[i]);
  if (ratios.empty()) return {};
  const auto [lowest, highest] = std::minmax_element(ratios.begin(), ratios.end());
  return {median(ratios), *lowest, *highest};
}

Latency summarise(std::span<const std::vector<double>> rounds) {
  std::vector<double> all;
  for (const std::vector<double>& round : rounds) all.insert(all.end(), round.begin(), round.end());
  const std::vector<double> per_round = medians(rounds);
  const auto [lowest, highest] = std::minmax_element(per_round.begin(), per_round.end());
  return {median(all), nearest_rank(all, 0.9), *lowest, *highest};
}

absl::StatusOr<std::vector<BenchTimes>> measure(std::span<BenchSubject> subjects,
                                                const BenchOptions& options,
                                                const Progress& progress) {
  if (options.rounds < 1 || options.runs < 1 || options.warm_up < 0)
    return absl::InvalidArgumentError(
        absl::StrCat("a measurement needs at least one round of one run, not ", options.rounds,
                     " of ", options.runs));
  std::vector<Prepared> prepared;
  for (const BenchSubject& subject : subjects) prepared.push_back(prepare(subject));
  std::vector<size_t> order(prepared.size());
  std::iota(order.begin(), order.end(), size_t{0});

  Random random(options.seed);
  const int64_t total = int64_t{options.rounds} * static_cast<int64_t>(order.size());
  int64_t done = 0;
  for (int round = 0; round < options.rounds; ++round) {
    shuffle(order, random);
    for (const size_t index : order) {
      DURWARD_RETURN_IF_ERROR(
          with_context(run_round(prepared[index], options), absl::StrCat("model ", index + 1)));
      if (progress && !progress("measuring", ++done, total))
        return absl::CancelledError("the measurement was stopped");
    }
  }

  std::vector<BenchTimes> results;
  for (const Prepared& subject : prepared)
    results.push_back({summarise(subject.wall), summarise(subject.cpu), medians(subject.wall),
                       medians(subject.cpu)});
  return results;
}

}  // namespace durward
