#include "biometrics/score_calibration.h"

#include <algorithm>
#include <cmath>

#include "biometrics/cllr.h"

namespace durward {
namespace {

absl::Status check_enough(const CalibrationScores& scores, std::string_view half) {
  const auto check = [&](const std::vector<double>& some, std::string_view kind) {
    if (std::ssize(some) >= kLeastCalibrationScores) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("the half of the people that is ", std::string(half), " has ", some.size(),
                     " ", std::string(kind), " comparisons, fewer than ", kLeastCalibrationScores));
  };
  DURWARD_RETURN_IF_ERROR(check(scores.genuine, "genuine"));
  return check(scores.impostor, "impostor");
}

std::vector<double> llrs_of(const ScoreCalibration& calibration,
                            const std::vector<double>& scores) {
  std::vector<double> llrs;
  llrs.reserve(scores.size());
  for (const double score : scores) llrs.push_back(calibration.llr.llr(std::span(&score, 1)));
  return llrs;
}

ScoredTrials scored_trials(const CalibrationScores& scores) {
  ScoredTrials scored;
  for (const double score : scores.genuine) {
    scored.genuine.push_back({static_cast<float>(score), 0});
  }
  for (const double score : scores.impostor) {
    scored.impostors.push_back({static_cast<float>(score), 0, 1});
  }
  scored.impostor_count = std::ssize(scored.impostors);
  scored.people = {0, 1};
  sort_scores(scored);
  return scored;
}

}  // namespace

absl::Status check_score_calibration(const ScoreCalibration& calibration) {
  const std::vector<std::string>& features = calibration.features;
  if (features.empty() || features[0] != kScoreFeature) {
    return absl::InvalidArgumentError(
        absl::StrCat("the first feature must be \"", std::string(kScoreFeature), "\""));
  }
  if (features.size() > kMaxCalibrationFeatures) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there are ", features.size(), " features, more than ", kMaxCalibrationFeatures));
  }
  for (auto feature = features.begin(); feature != features.end(); ++feature) {
    if (feature->empty() || std::find(features.begin(), feature, *feature) != feature) {
      return absl::InvalidArgumentError(
          absl::StrCat("the feature \"", *feature, "\" has no name, or one that stands twice"));
    }
  }
  const LlrCalibration& llr = calibration.llr;
  if (llr.weights.size() != features.size()) {
    return absl::InvalidArgumentError(absl::StrCat("there are ", llr.weights.size(),
                                                   " weights for ", features.size(), " features"));
  }
  if (!std::isfinite(llr.offset) || !std::all_of(llr.weights.begin(), llr.weights.end(),
                                                 [](double w) { return std::isfinite(w); })) {
    return absl::InvalidArgumentError("a weight or the offset is not finite");
  }
  if (!(llr.weights[0] > 0)) {
    return absl::InvalidArgumentError("a higher score must speak more for one person");
  }
  return absl::OkStatus();
}

absl::StatusOr<CalibrationFit> fit_score_calibration(const CalibrationScores& fitted,
                                                     const CalibrationScores& judged) {
  DURWARD_RETURN_IF_ERROR(check_enough(fitted, "fitted on"));
  DURWARD_RETURN_IF_ERROR(check_enough(judged, "judged on"));
  CalibrationFit fit;
  fit.calibration.features = {std::string(kScoreFeature)};
  DURWARD_ASSIGN_OR_RETURN(fit.calibration.llr, fit_llr(fitted.genuine, fitted.impostor, 1));
  if (!(fit.calibration.llr.weights[0] > 0)) {
    return absl::FailedPreconditionError("higher scores are no sign of one person here");
  }
  fit.cllr =
      cllr(llrs_of(fit.calibration, judged.genuine), llrs_of(fit.calibration, judged.impostor));
  fit.min_cllr = min_cllr(scored_trials(judged));
  return fit;
}

}  // namespace durward
