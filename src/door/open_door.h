// A door from its configuration: files opened and checked, models loaded, sources opened.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "audio/voice_activity.h"
#include "auth/face_factor.h"
#include "bundle/bundle.h"
#include "data/preprocessing.h"
#include "door/door.h"
#include "door/door_config.h"
#include "runtimes/embedder.h"

namespace durward {

// Where samples come from; an empty one is not there. Of several cameras or microphones each round
// of an enrolment, and each request, takes the next: recordings of one person, one after the other.
struct DoorSources {
  std::vector<std::string> cameras;      // as open_camera() takes them
  std::vector<std::string> microphones;  // as open_microphone() takes them
  std::string touch;                     // as TouchLines::open() takes it
};

// Loads the detector of speech that a speaker model's specification names; `model` is its file, or
// nothing for the usual one.
using VoiceActivityLoader = std::function<absl::StatusOr<std::unique_ptr<VoiceActivityDetector>>(
    VoiceActivity kind, const std::optional<std::filesystem::path>& model)>;

// What a door needs of the outside; all outlive it.
struct DoorSurroundings {
  SessionClock* clock = nullptr;
  const BootClock* boot_clock = nullptr;
  DoorObserver* observer = nullptr;  // may be none
  // Silero's comes as ONNX, which the tool chain compiles (pipeline/voice_activity_model.h). None:
  // detectors that need a model are Unavailable.
  VoiceActivityLoader load_voice_activity = {};
  FrameViewer viewer = {};  // of the camera's frames; may be none
};

// Models are loaded for the sources that are there. Errors name the file: those of the
// configuration's parts; FailedPrecondition where a bundle has no score calibration and the
// configuration none either, or a source is there that the configuration has no models for.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Door>> open_door(const DoorConfig& config,
                                                              const DoorSources& sources,
                                                              const DoorSurroundings& around);

// A bundle as this configuration trusts it.
[[nodiscard]] absl::StatusOr<Bundle> open_door_bundle(const DoorConfig& config,
                                                      const std::filesystem::path& path);

// What a factor is told of its bundle.
struct FactorModel {
  Preprocessing preprocessing;
  ScoreCalibration calibration;
  TemplateModel model;
  std::string bundle_sha256;
  std::vector<std::string> compatible_versions;
};
// `own` takes the place of the bundle's score calibration. FailedPrecondition where there is
// neither; those of parse_preprocessing.
[[nodiscard]] absl::StatusOr<FactorModel> factor_model(const Bundle& bundle,
                                                       std::string_view modality,
                                                       const std::optional<ScoreCalibration>& own,
                                                       double most_tar_loss);

}  // namespace durward
