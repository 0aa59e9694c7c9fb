// Confidence intervals by bootstrap over people.
//
// Trials that share a person are not independent, so not trials but people are drawn, as many as
// there are, with replacement. A person drawn n_a times gives his genuine trials the weight n_a and
// his impostor trials against a person drawn n_b times n_a n_b (subsets bootstrap, Bolle, Ratha and
// Pankanti, CVIU 2004; product weights, Owen, "The pigeonhole bootstrap", Annals of Applied
// Statistics 2007). In every replicate each threshold is chosen anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/progress.h"
#include "base/status.h"
#include "biometrics/scored_trials.h"

namespace durward {

struct BootstrapOptions {
  int replicates = 1000;
  uint64_t seed = 1;
  int threads = default_threads();
  Progress progress = {};
};

// With fewer people who have a genuine trial no interval is given: the spread between so few says
// nothing reliable about other people.
inline constexpr int64_t kMinPeopleForIntervals = 10;

// How often each person is drawn in a replicate: a function of the seed, its number and the number
// of people, drawn.size(), only, so that every system meets the same draws.
void draw_people(uint64_t seed, int64_t replicate, std::vector<uint32_t>& drawn);

// What one system did in every replicate. Two systems' replicates over the same people, seed and
// count drew the same people and can be compared pair by pair. NaN marks a figure that a replicate
// does not have: no genuine trial was drawn, or its threshold lies below the scores kept.
struct Replicates {
  std::vector<int32_t> people;
  uint64_t seed = 0;
  std::vector<double> fars;                    // descending
  std::vector<double> equal_error_rate;        // [replicates]
  std::vector<std::vector<double>> tar;        // [fars][replicates]
  std::vector<std::vector<double>> threshold;  // [fars][replicates]
};

// The same result on any number of threads. `fars` descending. FailedPrecondition with fewer than
// kMinPeopleForIntervals people; InvalidArgument below 100 replicates; Cancelled.
[[nodiscard]] absl::StatusOr<Replicates> bootstrap(const ScoredTrials& scored,
                                                   std::span<const double> fars,
                                                   const BootstrapOptions& options);

// The rates at thresholds that stay as they are, in the same replicates. NaN as above.
struct RateReplicates {
  std::vector<std::vector<double>> far, tar;  // [thresholds][replicates]
};

// Thresholds in any order. Errors as bootstrap().
[[nodiscard]] absl::StatusOr<RateReplicates> bootstrap_rates(const ScoredTrials& scored,
                                                             std::span<const double> thresholds,
                                                             const BootstrapOptions& options);

struct Interval {
  double lower = 0, upper = 0;
};

// The percentile interval: the quantiles (1 -+ confidence) / 2 of the replicates. Nothing where
// more than one replicate in a hundred is NaN.
[[nodiscard]] std::optional<Interval> percentile_interval(std::span<const double> replicates,
                                                          double confidence);

}  // namespace durward
