#include "pipeline/voice_calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "biometrics/cllr.h"
#include "biometrics/rates.h"

namespace durward {
namespace {

constexpr std::string_view kLogSeconds = "log-seconds", kSnrDb = "snr-db";

double voice_feature(const VoiceComparison& comparison, std::string_view name) {
  if (name == kScoreFeature) return comparison.score;
  return name == kLogSeconds ? std::log(comparison.seconds) : comparison.snr_db;
}

int conditions_in(std::span<const VoiceComparison> comparisons) {
  int most = 0;
  for (const VoiceComparison& one : comparisons) most = std::max(most, one.condition + 1);
  return most;
}

// A condition's genuine or impostor comparisons, each as its features, repeated in turn until there
// are as many as in the condition that has most: then all weigh the same.
absl::StatusOr<std::vector<double>> balanced(std::span<const VoiceComparison> comparisons,
                                             const std::vector<std::string>& features,
                                             bool genuine) {
  std::vector<std::vector<const VoiceComparison*>> of_condition(
      static_cast<size_t>(conditions_in(comparisons)));
  for (const VoiceComparison& one : comparisons) {
    if (one.genuine() == genuine) {
      of_condition[static_cast<size_t>(one.condition)].push_back(&one);
    }
  }
  size_t most = 0;
  for (const auto& some : of_condition) most = std::max(most, some.size());
  std::vector<double> values;
  for (const auto& some : of_condition) {
    if (some.empty()) {
      return absl::FailedPreconditionError(
          "a condition has no comparison of one person, or none of two");
    }
    for (size_t i = 0; i < most; ++i) {
      for (const std::string& name : features) {
        values.push_back(voice_feature(*some[i % some.size()], name));
      }
    }
  }
  return values;
}

VoiceConditionJudged judge_llrs(std::span<const double> genuine, std::span<const double> impostors,
                                std::span<const double> thresholds) {
  ScoredTrials scored;
  for (const double llr : genuine) scored.genuine.push_back({static_cast<float>(llr), 0});
  for (const double llr : impostors) scored.impostors.push_back({static_cast<float>(llr), 0, 1});
  scored.impostor_count = std::ssize(impostors);
  scored.people = {0, 1};
  sort_scores(scored);
  VoiceConditionJudged judged;
  judged.genuine = std::ssize(genuine);
  judged.impostors = std::ssize(impostors);
  judged.cllr = cllr(genuine, impostors);
  judged.min_cllr = min_cllr(scored);
  judged.equal_error_rate =
      equal_error_rate(scored, CountOnce{}, {genuine.size(), impostors.size()}, true).rate;
  const auto share_above = [](std::span<const double> llrs, double threshold) {
    if (llrs.empty()) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(
               std::count_if(llrs.begin(), llrs.end(), [&](double x) { return x > threshold; })) /
           static_cast<double>(llrs.size());
  };
  for (const double threshold : thresholds) {
    judged.false_accept_rates.push_back(share_above(impostors, threshold));
    judged.false_reject_rates.push_back(1 - share_above(genuine, threshold));
  }
  return judged;
}

}  // namespace

std::vector<std::string> voice_calibration_features() {
  return {std::string(kScoreFeature), std::string(kLogSeconds), std::string(kSnrDb)};
}

double voice_llr(const VoiceComparison& comparison, const ScoreCalibration& calibration) {
  std::vector<double> values;
  for (const std::string& name : calibration.features) {
    values.push_back(voice_feature(comparison, name));
  }
  return calibration.llr.llr(values);
}

absl::StatusOr<ScoreCalibration> fit_voice_calibration(std::span<const VoiceComparison> comparisons,
                                                       const std::vector<std::string>& features) {
  const std::vector<std::string> known = voice_calibration_features();
  for (const std::string& name : features) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return absl::InvalidArgumentError(absl::StrCat("a voice has no feature \"", name, "\""));
    }
  }
  DURWARD_ASSIGN_OR_RETURN(const std::vector<double> genuine,
                           balanced(comparisons, features, true));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<double> impostors,
                           balanced(comparisons, features, false));
  ScoreCalibration calibration{.features = features, .llr = {}};
  DURWARD_ASSIGN_OR_RETURN(calibration.llr,
                           fit_llr(genuine, impostors, static_cast<int>(features.size())));
  DURWARD_RETURN_IF_ERROR(check_score_calibration(calibration));
  return calibration;
}

absl::StatusOr<ScoreCalibration> fit_voice_calibration(const std::filesystem::path& speakers,
                                                       const VoiceSpec& spec,
                                                       const EmbedderFactory& factory,
                                                       const VoiceComparisonOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const HeardVoices heard, hear_voices(speakers, spec, factory, options));
  const std::vector<VoiceComparison> comparisons =
      compare_voices(heard.voices, [](int32_t) { return true; });
  return fit_voice_calibration(comparisons, voice_calibration_features());
}

std::vector<VoiceConditionJudged> judge_voice_calibration(
    std::span<const VoiceComparison> comparisons, int conditions,
    const ScoreCalibration& calibration, std::span<const double> llr_thresholds) {
  std::vector<std::vector<double>> genuine(static_cast<size_t>(conditions)), impostors(genuine);
  for (const VoiceComparison& one : comparisons) {
    auto& llrs = one.genuine() ? genuine : impostors;
    llrs[static_cast<size_t>(one.condition)].push_back(voice_llr(one, calibration));
  }
  std::vector<VoiceConditionJudged> judged;
  for (int i = 0; i < conditions; ++i) {
    const auto index = static_cast<size_t>(i);
    judged.push_back(judge_llrs(genuine[index], impostors[index], llr_thresholds));
    judged.back().condition = i;
  }
  return judged;
}

}  // namespace durward
