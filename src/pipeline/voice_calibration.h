// How long and how noisy a voice was enters its calibration: no one threshold of a cosine serves
// one second in noise and ten seconds in silence.
#pragma once

#include <span>
#include <vector>

#include "biometrics/score_calibration.h"
#include "pipeline/voice_comparisons.h"

namespace durward {

// Names of features that a voice factor knows: "cosine", "log-seconds", "snr-db".
[[nodiscard]] std::vector<std::string> voice_calibration_features();

// By logistic regression; each condition counts as much as any other, for genuine comparisons and
// for impostors. InvalidArgument for a feature of another name; FailedPrecondition where a
// condition has no comparison of one kind; those of fit_llr and check_score_calibration.
[[nodiscard]] absl::StatusOr<ScoreCalibration> fit_voice_calibration(
    std::span<const VoiceComparison> comparisons, const std::vector<std::string>& features);

// The same from recordings, with all features.
[[nodiscard]] absl::StatusOr<ScoreCalibration> fit_voice_calibration(
    const std::filesystem::path& speakers, const VoiceSpec& spec, const EmbedderFactory& factory,
    const VoiceComparisonOptions& options);

// What a calibration is worth in one condition, on people whom it does not know.
struct VoiceConditionJudged {
  int condition = 0;
  int64_t genuine = 0, impostors = 0;
  double cllr = 0, min_cllr = 0;  // bits
  double equal_error_rate = 0;
  // Of each threshold of the LLR that was asked for.
  std::vector<double> false_accept_rates, false_reject_rates;
};

// `conditions` of them, in order; NaN where a condition has no comparison of a kind.
[[nodiscard]] std::vector<VoiceConditionJudged> judge_voice_calibration(
    std::span<const VoiceComparison> comparisons, int conditions,
    const ScoreCalibration& calibration, std::span<const double> llr_thresholds);

// The LLR of a comparison.
[[nodiscard]] double voice_llr(const VoiceComparison& comparison,
                               const ScoreCalibration& calibration);

}  // namespace durward
