#include "biometrics/fixed_threshold.h"

#include <algorithm>

#include "biometrics/binomial_bound.h"

namespace durward {
namespace {

constexpr double kConfidence = 0.95;  // of each bound alone

std::optional<RateBounds> bounds(std::span<const double> replicates, int64_t events,
                                 int64_t trials) {
  // The ends of a 90 % interval bound from one side with 95 % confidence.
  const auto resampled = percentile_interval(replicates, 2 * kConfidence - 1);
  if (!resampled) return std::nullopt;
  return RateBounds{std::min(resampled->lower, binomial_lower_bound(events, trials, kConfidence)),
                    std::max(resampled->upper, binomial_upper_bound(events, trials, kConfidence))};
}

}  // namespace

absl::StatusOr<FixedThresholdEvaluation> evaluate_at(const ScoredTrials& scored,
                                                     std::span<const double> thresholds,
                                                     const BootstrapOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_both_kinds(scored));
  const auto genuine = static_cast<int64_t>(scored.genuine.size());
  FixedThresholdEvaluation evaluation;
  for (const double threshold : thresholds) {
    const Accepted accepted = accepted_above(scored, static_cast<float>(threshold));
    evaluation.rates.push_back(
        {.threshold = threshold,
         .false_accepts = accepted.impostors,
         .false_rejects = genuine - accepted.genuine,
         .far =
             static_cast<double>(accepted.impostors) / static_cast<double>(scored.impostor_count),
         .tar = static_cast<double>(accepted.genuine) / static_cast<double>(genuine)});
  }
  const absl::StatusOr<RateReplicates> replicates = bootstrap_rates(scored, thresholds, options);
  if (absl::IsFailedPrecondition(replicates.status())) {
    evaluation.no_bounds_because = std::string(replicates.status().message());
    return evaluation;
  }
  if (!replicates.ok()) return replicates.status();
  for (size_t i = 0; i < evaluation.rates.size(); ++i) {
    FixedThresholdRates& rates = evaluation.rates[i];
    rates.far_bounds = bounds(replicates->far[i], rates.false_accepts, scored.impostor_count);
    rates.tar_bounds = bounds(replicates->tar[i], genuine - rates.false_rejects, genuine);
  }
  return evaluation;
}

}  // namespace durward
