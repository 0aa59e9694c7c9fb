#include "biometrics/evaluation.h"

#include <algorithm>
#include <cmath>

#include "biometrics/cllr.h"
#include "biometrics/rates.h"

namespace durward {
namespace {

constexpr double kConfidence = 0.95;

int64_t trials_for(double errors, double far) {
  // 3 / 0.001 must be 3000 and not 3001 by rounding.
  return static_cast<int64_t>(std::ceil(errors / far * (1 - 1e-12)));
}

double share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

absl::Status check(const ScoredTrials& scored, std::span<const double> fars) {
  DURWARD_RETURN_IF_ERROR(check_both_kinds(scored));
  for (const double far : fars) {
    if (!(far > 0 && far < 1)) {
      return absl::InvalidArgumentError(absl::StrCat("a FAR of ", far, " is not between 0 and 1"));
    }
  }
  return absl::OkStatus();
}

std::vector<OperatingPoint> operating_points(const ScoredTrials& scored,
                                             std::span<const double> fars) {
  const CountOnce weight;
  std::vector<float> thresholds(fars.size());
  far_thresholds(scored, weight, static_cast<uint64_t>(scored.impostor_count), true, fars,
                 thresholds);
  std::vector<OperatingPoint> points;
  for (size_t i = 0; i < fars.size(); ++i) {
    const Accepted accepted = accepted_above(scored, thresholds[i]);
    const int64_t genuine = static_cast<int64_t>(scored.genuine.size());
    points.push_back({.far_target = fars[i],
                      .support = far_support(fars[i], scored.impostor_count),
                      .threshold = static_cast<double>(thresholds[i]),
                      .far = share(accepted.impostors, scored.impostor_count),
                      .tar = share(accepted.genuine, genuine),
                      .false_accepts = accepted.impostors,
                      .false_rejects = genuine - accepted.genuine});
  }
  return points;
}

absl::Status add_intervals(const ScoredTrials& scored, std::span<const double> fars,
                           const BootstrapOptions& options, Evaluation& evaluation) {
  absl::StatusOr<Replicates> replicates = bootstrap(scored, fars, options);
  if (absl::IsFailedPrecondition(replicates.status())) {
    evaluation.no_intervals_because = std::string(replicates.status().message());
    return absl::OkStatus();
  }
  if (!replicates.ok()) return replicates.status();
  evaluation.equal_error_interval = percentile_interval(replicates->equal_error_rate, kConfidence);
  for (size_t i = 0; i < fars.size(); ++i) {
    OperatingPoint& point = evaluation.operating_points[i];
    point.tar_interval = percentile_interval(replicates->tar[i], kConfidence);
    point.threshold_interval = percentile_interval(replicates->threshold[i], kConfidence);
  }
  evaluation.replicates = *std::move(replicates);
  return absl::OkStatus();
}

absl::Status check_comparable(const Evaluation& before, const Evaluation& after) {
  if (before.genuine_trials != after.genuine_trials ||
      before.impostor_trials != after.impostor_trials || before.people != after.people) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the two systems were not evaluated on the same trials: ", before.genuine_trials,
        " genuine and ", before.impostor_trials, " impostor trials of ", before.people,
        " people against ", after.genuine_trials, ", ", after.impostor_trials, " and ",
        after.people));
  }
  if (before.replicates.has_value() != after.replicates.has_value() ||
      (before.replicates.has_value() &&
       (before.replicates->people != after.replicates->people ||
        before.replicates->seed != after.replicates->seed ||
        before.replicates->equal_error_rate.size() != after.replicates->equal_error_rate.size()))) {
    return absl::InvalidArgumentError(
        "the two systems' bootstrap replicates did not draw the same people; evaluate both on the "
        "same trials with one seed and one number of replicates");
  }
  return absl::OkStatus();
}

// The differences of the replicates at one FAR; empty where there are none.
std::vector<double> paired_losses(const Evaluation& before, const Evaluation& after, double far) {
  if (!before.replicates) return {};
  const auto tars = [far](const Replicates& replicates) -> const std::vector<double>& {
    const auto at = std::find(replicates.fars.begin(), replicates.fars.end(), far);
    return replicates.tar[static_cast<size_t>(at - replicates.fars.begin())];
  };
  std::vector<double> losses = tars(*before.replicates);
  const std::vector<double>& others = tars(*after.replicates);
  for (size_t i = 0; i < losses.size(); ++i) losses[i] -= others[i];
  return losses;
}

}  // namespace

int64_t impostor_trials_needed(double far) { return trials_for(3, far); }
int64_t impostor_trials_advised(double far) { return trials_for(30, far); }

FarSupport far_support(double far, int64_t impostor_trials) {
  if (impostor_trials < impostor_trials_needed(far)) return FarSupport::kRefused;
  if (impostor_trials < impostor_trials_advised(far)) return FarSupport::kFewErrors;
  return FarSupport::kSupported;
}

absl::StatusOr<Evaluation> evaluate(const ScoredTrials& scored, const EvaluationOptions& options) {
  DURWARD_RETURN_IF_ERROR(check(scored, options.fars));
  Evaluation evaluation;
  evaluation.genuine_trials = static_cast<int64_t>(scored.genuine.size());
  evaluation.impostor_trials = scored.impostor_count;
  evaluation.people = static_cast<int64_t>(scored.people.size());

  std::vector<double> fars = options.fars;
  std::sort(fars.begin(), fars.end(), std::greater<>());
  fars.erase(std::unique(fars.begin(), fars.end()), fars.end());
  const auto first_refused = std::find_if(fars.begin(), fars.end(), [&](double far) {
    return far_support(far, scored.impostor_count) == FarSupport::kRefused;
  });
  evaluation.refused_fars.assign(first_refused, fars.end());
  fars.erase(first_refused, fars.end());

  const TrialWeight total{scored.genuine.size(), static_cast<uint64_t>(scored.impostor_count)};
  const EqualErrorRate equal_error = equal_error_rate(scored, CountOnce{}, total, true);
  evaluation.equal_error_rate = equal_error.rate;
  evaluation.equal_error_threshold = static_cast<double>(equal_error.threshold);
  evaluation.min_cllr = min_cllr(scored);
  evaluation.operating_points = operating_points(scored, fars);
  evaluation.det = det_curve(scored);
  DURWARD_RETURN_IF_ERROR(add_intervals(scored, fars, options.bootstrap, evaluation));
  return evaluation;
}

absl::StatusOr<std::vector<TarLoss>> tar_losses(const Evaluation& before, const Evaluation& after) {
  DURWARD_RETURN_IF_ERROR(check_comparable(before, after));
  std::vector<TarLoss> losses;
  for (const OperatingPoint& point : before.operating_points) {
    const auto other = std::find_if(
        after.operating_points.begin(), after.operating_points.end(),
        [&](const OperatingPoint& candidate) { return candidate.far_target == point.far_target; });
    if (other == after.operating_points.end()) continue;
    TarLoss loss{.far = point.far_target, .loss = point.tar - other->tar};
    const std::vector<double> replicates = paired_losses(before, after, point.far_target);
    loss.interval = percentile_interval(replicates, kConfidence);
    // The ends of a 90 % interval bound from one side with 95 % confidence.
    if (const auto one_sided = percentile_interval(replicates, 2 * kConfidence - 1)) {
      loss.lower_bound = one_sided->lower;
      loss.upper_bound = one_sided->upper;
    }
    losses.push_back(loss);
  }
  return losses;
}

std::vector<ThresholdDrift> threshold_drift(const Evaluation& before, const Evaluation& after,
                                            const ScoredTrials& after_scores) {
  std::vector<ThresholdDrift> drift;
  for (const OperatingPoint& point : before.operating_points) {
    const auto same_far = std::find_if(
        after.operating_points.begin(), after.operating_points.end(),
        [&](const OperatingPoint& candidate) { return candidate.far_target == point.far_target; });
    if (same_far == after.operating_points.end()) continue;
    const Accepted accepted = accepted_above(after_scores, static_cast<float>(point.threshold));
    drift.push_back({.far_target = point.far_target,
                     .old_threshold = point.threshold,
                     .new_threshold = same_far->threshold,
                     .far_at_old = share(accepted.impostors, after.impostor_trials),
                     .tar_at_old = share(accepted.genuine, after.genuine_trials)});
  }
  return drift;
}

}  // namespace durward
