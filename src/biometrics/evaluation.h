// What one system's scores say about it, and how two systems differ on the same trials.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "biometrics/bootstrap.h"
#include "biometrics/det.h"
#include "biometrics/scored_trials.h"

namespace durward {

// A FAR can be estimated from n impostor trials down to 3 / n: with no error in n independent
// trials it is below 3 / n with 95 % confidence (rule of 3, Hanley and Lippman-Hand, JAMA 1983;
// ISO/IEC 19795-1). Below that a FAR is refused. From 30 errors on, the rate is within 30 % of the
// truth with 90 % confidence (rule of 30, Doddington et al., Speech Communication 2000); in between
// the figure is given with a warning. Both rules take trials for independent, which trials that
// share people are not: they are the least that must hold.
enum class FarSupport : uint8_t { kRefused, kFewErrors, kSupported };

[[nodiscard]] FarSupport far_support(double far, int64_t impostor_trials);
[[nodiscard]] int64_t impostor_trials_needed(double far);  // to be not refused: 3 / far, rounded up
[[nodiscard]] int64_t impostor_trials_advised(double far);  // for no warning: 30 / far, rounded up

// The system at the smallest threshold t with FAR <= target; a score is accepted when it is > t.
// Impostors that score exactly t are rejected.
struct OperatingPoint {
  double far_target = 0;
  FarSupport support = FarSupport::kSupported;  // never kRefused
  double threshold = 0;
  double far = 0;  // reached: at most the target
  double tar = 0;
  int64_t false_accepts = 0;
  int64_t false_rejects = 0;
  std::optional<Interval> tar_interval = std::nullopt;  // 95 %
  std::optional<Interval> threshold_interval = std::nullopt;
};

struct EvaluationOptions {
  // Any order, each in (0, 1).
  std::vector<double> fars = {1e-1, 1e-2, 1e-3, 1e-4, 1e-5};
  BootstrapOptions bootstrap = {};
};

struct Evaluation {
  int64_t genuine_trials = 0;
  int64_t impostor_trials = 0;
  int64_t people = 0;
  double equal_error_rate = 0;
  double equal_error_threshold = 0;
  std::optional<Interval> equal_error_interval;  // 95 %
  double min_cllr = 0;                           // bits
  std::vector<OperatingPoint> operating_points;  // FAR descending, without the refused ones
  std::vector<double> refused_fars;
  std::vector<DetPoint> det;

  std::optional<Replicates> replicates;
  std::string no_intervals_because;  // where there are no replicates
};

// InvalidArgument without a genuine or an impostor trial, or where a FAR is not in (0, 1);
// Cancelled. Too few people for intervals is no error: the figures come without them.
[[nodiscard]] absl::StatusOr<Evaluation> evaluate(const ScoredTrials& scored,
                                                  const EvaluationOptions& options = {});

// The loss of TAR from one system to another on the same trials: each has its own threshold, chosen
// for the FAR, in every replicate anew. Positive where the second accepts fewer.
struct TarLoss {
  double far = 0;
  double loss = 0;
  std::optional<Interval> interval = std::nullopt;  // 95 %, two-sided
  // With 95 % confidence the loss is below this / above this (one-sided).
  std::optional<double> upper_bound = std::nullopt, lower_bound = std::nullopt;
};

// At every FAR that both have. InvalidArgument where the two were not evaluated on the same trials,
// or with another seed or number of replicates.
[[nodiscard]] absl::StatusOr<std::vector<TarLoss>> tar_losses(const Evaluation& before,
                                                              const Evaluation& after);

// What happens to a deployment that keeps its threshold while the model changes.
struct ThresholdDrift {
  double far_target = 0;
  double old_threshold = 0;  // the first system's for the target
  double new_threshold = 0;  // the second system's
  double far_at_old = 0;     // the second system's, at the first one's threshold
  double tar_at_old = 0;
};

// For every operating point of `before`, whose thresholds are applied to the scores of `after`.
[[nodiscard]] std::vector<ThresholdDrift> threshold_drift(const Evaluation& before,
                                                          const Evaluation& after,
                                                          const ScoredTrials& after_scores);

}  // namespace durward
