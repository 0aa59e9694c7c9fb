// Error rates at thresholds that were chosen beforehand, and what they say of other people.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "biometrics/bootstrap.h"

namespace durward {

// With 95 % confidence, one-sided, the rate on other people like these is at most `upper`; and with
// as much it is at least `lower`.
struct RateBounds {
  double lower = 0, upper = 1;
};

struct FixedThresholdRates {
  double threshold = 0;
  int64_t false_accepts = 0, false_rejects = 0;
  double far = 0, tar = 0;
  // The wider of two at each end: the percentiles of the bootstrap over people, which knows that
  // trials share people, but takes what never occurred for impossible; and the binomial bound,
  // which does neither. Nothing where the bootstrap has none (bootstrap.h).
  std::optional<RateBounds> far_bounds = std::nullopt, tar_bounds = std::nullopt;
};

struct FixedThresholdEvaluation {
  std::vector<FixedThresholdRates> rates;  // in the thresholds' order
  std::string no_bounds_because;           // where there are no replicates
};

// Thresholds in any order, each finite. Errors: InvalidArgument without a genuine or an impostor
// trial; Cancelled. Too few people for bounds is no error.
[[nodiscard]] absl::StatusOr<FixedThresholdEvaluation> evaluate_at(
    const ScoredTrials& scored, std::span<const double> thresholds,
    const BootstrapOptions& options);

}  // namespace durward
