// A face before a camera as a factor: detection, quality, landmarks, liveness and embedding of each
// frame while it captures, so that little is left to do after the last one. docs/face.md has the
// stages, their times and the rules.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/session_clock.h"
#include "auth/template_factor.h"
#include "biometrics/score_calibration.h"
#include "capture/camera.h"
#include "data/input_spec.h"
#include "runtimes/embedder.h"
#include "vision/face_actions.h"
#include "vision/face_detector.h"
#include "vision/face_landmarks.h"
#include "vision/presentation_attack.h"

namespace durward {

struct FaceCaptureRules {
  int frames = 5;             // that are compared
  double least_quality = 80;  // of each, 0 to 100 (vision/face_quality.h)
  // Another face counts as a second person from this share of the first one's size on; smaller ones
  // are in the background.
  double second_face = 0.5;
  // One face is followed from frame to frame: its box overlaps the last one by more than this
  // (intersection over union), it is away for no longer, and its embedding is nearer to the others
  // than this cosine. Else everything begins anew: a challenge cannot be answered by one person and
  // the comparison by another. Between two people cosines lie about 0; 1 in 1,000 is above 0.45.
  double same_place = 0.1;
  int64_t away_ms = 1000;
  double same_person = 0.3;
  FaceActionRules actions = {};
};

// The clock and what `templates` looks into outlive the factor.
// Sees each frame and the face that was found in it. Called from the thread that captures, which
// waits; the frame lives no longer than the call.
using FrameViewer = std::function<void(const Image& frame, const std::optional<Box>& face)>;

struct FaceFactorParts {
  std::unique_ptr<Camera> camera;
  std::optional<FaceDetector> detector;
  std::optional<Embedder> embedder;  // of faces, as `spec` cuts them out
  InputSpec spec;
  std::vector<AttackDetector> attack_detectors = {};      // may be none
  std::optional<FaceLandmarks> landmarks = std::nullopt;  // may be none: then no blink is seen
  ScoreCalibration calibration;  // of "cosine", and "quality" where it has two features
  TemplateModel model;
  std::string bundle_sha256;
  std::vector<std::string> compatible_versions = {};  // models whose templates count too
  TemplatesOf templates;
  const SessionClock* clock = nullptr;
  FaceCaptureRules rules = {};
  FrameViewer viewer = {};  // may be none
};

// InvalidArgument where a part is missing, a rule is out of range, or the calibration has a feature
// that a face does not have.
[[nodiscard]] absl::StatusOr<std::unique_ptr<TemplateFactor>> create_face_factor(
    FaceFactorParts parts);

}  // namespace durward
