// The door: factors, template store, policy, attempts and log put together, so that a program can
// enrol people, verify and identify them with a few calls. docs/door.md is the guide.
//
// A door's configuration: one file that says which models, which policy and which files it uses.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "biometrics/score_calibration.h"
#include "bundle/json_fields.h"
#include "vision/presentation_attack.h"

namespace durward {

// A detector of presentation attacks that is no bundle: how its model sees a face is one of the
// presets (docs/presentation-attacks.md).
struct AttackDetectorSetup {
  std::filesystem::path model;
  std::string preset;
  // LLR of bona fide against attack = weight * score + offset; nothing: as is known of the preset.
  std::optional<AttackCalibration> calibration = {};

  bool operator==(const AttackDetectorSetup&) const = default;
};

struct FaceSetup {
  std::filesystem::path bundle, detector;
  std::optional<std::filesystem::path> landmarks = {};  // for blinks
  std::vector<AttackDetectorSetup> attack_detectors = {};
  int64_t frames = 5;  // that are compared, 1 to 100
  // In place of the bundle's own, for one that has none.
  std::optional<ScoreCalibration> score_calibration = {};

  bool operator==(const FaceSetup&) const = default;
};

struct VoiceSetup {
  std::filesystem::path bundle;
  // Silero's .onnx; none: the detector that the bundle names, where it needs no file.
  std::optional<std::filesystem::path> voice_activity = {};
  std::optional<std::filesystem::path> digits =
      {};  // the folder of the recogniser's acoustic model
  std::optional<ScoreCalibration> score_calibration = {};

  bool operator==(const VoiceSetup&) const = default;
};

struct TouchSetup {
  std::filesystem::path bundle;
  std::optional<ScoreCalibration> score_calibration = {};

  bool operator==(const TouchSetup&) const = default;
};

// Paths are as they can be opened: those of the file are taken from its folder.
struct DoorConfig {
  std::filesystem::path folder;  // of the file
  std::filesystem::path policy, store, state, log;
  std::string key;  // as key_source_from() takes it, relative to `folder`
  // Public keys of which one must have signed each bundle; none: bundles may be unsigned.
  std::vector<std::filesystem::path> trusted_keys;
  std::optional<FaceSetup> face;
  std::optional<VoiceSetup> voice;
  std::optional<TouchSetup> touch;
  // A template of an older model is compared where the bundle's certificate promises that it costs
  // at most this in TAR, and the policy accepts such templates.
  double most_tar_loss = 0.02;

  bool operator==(const DoorConfig&) const = default;
};

inline constexpr std::string_view kDoorSchema = "durward-door/1";

// A "durward-door/1" document in a file of this folder. InvalidArgument names the field and what it
// must be.
[[nodiscard]] absl::StatusOr<DoorConfig> parse_door_config(std::string_view text,
                                                           const std::filesystem::path& folder);
// The reverse: what parse_door_config reads as the same. Paths below the folder are written
// relative to it, others absolute.
[[nodiscard]] std::string door_config_text(const DoorConfig& config);
// A file of at most 64 KiB. Errors: read_file's and parse_door_config's, with the path.
[[nodiscard]] absl::StatusOr<DoorConfig> read_door_config(const std::filesystem::path& path);

}  // namespace durward
