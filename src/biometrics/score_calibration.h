// How a model's scores become log-likelihood ratios: what travels with the model, so that a device
// can weigh them against other factors and a policy's threshold.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "biometrics/llr_calibration.h"

namespace durward {

// The first feature: the comparison's score. Whoever compares fills the others by their names:
// "log-seconds" (natural logarithm of the seconds of speech in the probe), "snr-db" (of the probe),
// "quality" (of the face in the probe, 0 to 100).
inline constexpr std::string_view kScoreFeature = "cosine";
inline constexpr size_t kMaxCalibrationFeatures = 8;

struct ScoreCalibration {
  std::vector<std::string> features;  // the first is kScoreFeature
  LlrCalibration llr;                 // a weight for each feature

  [[nodiscard]] bool operator==(const ScoreCalibration& other) const {
    return features == other.features && llr.weights == other.llr.weights &&
           llr.offset == other.llr.offset;
  }
};

// InvalidArgument where the first feature is another, a name is empty or stands twice, there are
// more than kMaxCalibrationFeatures, weights and features differ in number, a number is not finite,
// or a higher score does not speak more for one person.
[[nodiscard]] absl::Status check_score_calibration(const ScoreCalibration& calibration);

// Scores of comparisons, in no order.
struct CalibrationScores {
  std::vector<double> genuine, impostor;
};

// Fewer comparisons of a kind than this, in either half, fit and judge nothing: with 30 of them a
// rate near one half is known to about a fifth (rule of 30, Doddington et al. 2000).
inline constexpr int64_t kLeastCalibrationScores = 30;

struct CalibrationFit {
  ScoreCalibration calibration;
  double cllr = 0;      // of the judged comparisons, bits
  double min_cllr = 0;  // of the same, whatever the calibration
};

// A calibration of the score alone by logistic regression on `fitted`, judged on `judged`, which
// are of other people. FailedPrecondition where a half has fewer than kLeastCalibrationScores of a
// kind, or scores do not tell people apart; fit_llr's errors.
[[nodiscard]] absl::StatusOr<CalibrationFit> fit_score_calibration(const CalibrationScores& fitted,
                                                                   const CalibrationScores& judged);

}  // namespace durward
