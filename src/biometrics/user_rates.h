// Equal error rates where each person has a threshold of his own, beside those with one threshold
// for all.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/status.h"
#include "biometrics/bootstrap.h"
#include "biometrics/trial.h"

namespace durward {

struct EqualErrors {
  double rate = 0;
  std::optional<Interval> interval = {};  // 95 %, over people; see bootstrap.h
  std::vector<double> replicates = {};    // empty with fewer than kMinPeopleForIntervals people
};

// With one threshold, and the mean over enrolled people of each one's rate at a threshold of his
// own, against impostors who probe as him. Every replicate draws the same people for both.
struct UserRates {
  EqualErrors one_threshold, own_thresholds;
};

// `scores` by trial; without options no intervals. Errors: those of collect_scores; InvalidArgument
// where an enrolled person has no genuine or no impostor trial; Cancelled.
[[nodiscard]] absl::StatusOr<UserRates> user_rates(std::span<const Trial> trials,
                                                   std::span<const float> scores,
                                                   const std::optional<BootstrapOptions>& options);

// The mean of rates that were measured on the same people with the same options.
[[nodiscard]] EqualErrors mean_of(std::span<const EqualErrors> rates);

}  // namespace durward
