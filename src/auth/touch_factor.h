// Touch as a factor: how a PIN was tapped, told by events, compared with how it was at enrolment.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/session_clock.h"
#include "auth/template_factor.h"
#include "auth/touch_lines.h"
#include "biometrics/score_calibration.h"
#include "data/feature_spec.h"
#include "runtimes/embedder.h"

namespace durward {

struct TouchFactorParts {
  std::unique_ptr<TouchLines> lines;   // of docs/touch.md
  std::unique_ptr<Embedder> embedder;  // of the specification's features
  FeatureSpec spec;
  ScoreCalibration calibration;  // of the score alone
  TemplateModel model;           // its modality is "touch"
  std::string bundle_sha256;
  std::vector<std::string> compatible_versions;  // of the same model's name
  TemplatesOf templates;
  SessionClock* clock = nullptr;  // outlives the factor
};

// One entry is a sample, and enough. A challenge is not answered, and nothing is known of liveness.
// A template is the mean of the user's at unit length. InvalidArgument where a part is missing, the
// calibration asks for more than the score, or the model takes other features.
[[nodiscard]] absl::StatusOr<std::unique_ptr<TemplateFactor>> create_touch_factor(
    TouchFactorParts parts);

}  // namespace durward
