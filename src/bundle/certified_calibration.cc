#include "bundle/certified_calibration.h"

namespace durward {
namespace {

double read_bits(const JsonField& field) {
  const double bits = field.number();
  if (!(bits >= 0)) field.refuse("must be at least 0");
  return bits;
}

}  // namespace

CertifiedCalibration read_certified_calibration(const JsonField& field) {
  constexpr int64_t kMost = int64_t{1} << 53;
  field.expect_fields({"features", "weights", "offset", "trials_sha256", "people", "genuine_trials",
                       "impostor_trials", "cllr", "min_cllr"});
  CertifiedCalibration result;
  ScoreCalibration& calibration = result.calibration;
  for (const JsonField& feature : field["features"].items(kMaxCalibrationFeatures)) {
    calibration.features.push_back(feature.text());
  }
  for (const JsonField& weight : field["weights"].items(kMaxCalibrationFeatures)) {
    calibration.llr.weights.push_back(weight.number());
  }
  calibration.llr.offset = field["offset"].number();
  if (const absl::Status status = check_score_calibration(calibration); !status.ok()) {
    field.refuse(std::string(status.message()));
  }
  result.trials_sha256 = field["trials_sha256"].sha256();
  result.people = field["people"].whole(2, kMost);
  result.genuine_trials = field["genuine_trials"].whole(1, kMost);
  result.impostor_trials = field["impostor_trials"].whole(1, kMost);
  result.cllr = read_bits(field["cllr"]);
  result.min_cllr = read_bits(field["min_cllr"]);
  return result;
}

nlohmann::ordered_json to_json(const CertifiedCalibration& calibration) {
  return {{"features", calibration.calibration.features},
          {"weights", calibration.calibration.llr.weights},
          {"offset", calibration.calibration.llr.offset},
          {"trials_sha256", calibration.trials_sha256},
          {"people", calibration.people},
          {"genuine_trials", calibration.genuine_trials},
          {"impostor_trials", calibration.impostor_trials},
          {"cllr", calibration.cllr},
          {"min_cllr", calibration.min_cllr}};
}

}  // namespace durward
