// How a bundle's scores become log-likelihood ratios, and how well they do.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "biometrics/score_calibration.h"
#include "bundle/json_fields.h"

namespace durward {

// Fitted on one half of the people of some trials, judged on the other half.
struct CertifiedCalibration {
  ScoreCalibration calibration = {};
  std::string trials_sha256 = {};                   // of the trials and their samples
  int64_t people = 0;                               // of both halves, at least 2
  int64_t genuine_trials = 0, impostor_trials = 0;  // fitted on; each at least 1
  double cllr = 0, min_cllr = 0;                    // of the other half, bits, at least 0

  bool operator==(const CertifiedCalibration&) const = default;
};

[[nodiscard]] CertifiedCalibration read_certified_calibration(const JsonField& field);
// Fields in the order in which docs/bundle.md lists them.
[[nodiscard]] nlohmann::ordered_json to_json(const CertifiedCalibration& calibration);

}  // namespace durward
