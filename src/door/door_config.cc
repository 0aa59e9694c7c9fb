#include "door/door_config.h"

#include <cmath>

#include "base/file.h"

namespace durward {
namespace {

constexpr int64_t kMaxDoorConfigBytes = 64 << 10;
constexpr size_t kMaxKeys = 16, kMaxAttackDetectors = 4;

class ConfigReader {
 public:
  explicit ConfigReader(const std::filesystem::path& folder) : folder_(folder) {}

  DoorConfig read(const JsonField& field) const {
    field.expect_fields({"schema", "policy", "store", "key", "state", "log", "trusted_keys", "face",
                         "voice", "touch", "most_tar_loss"});
    DoorConfig config;
    config.folder = folder_;
    if (field["schema"].text() != kDoorSchema) {
      field["schema"].refuse(absl::StrCat("must be ", std::string(kDoorSchema)));
    }
    config.policy = path(field["policy"]);
    config.store = path(field["store"]);
    config.key = field["key"].text();
    config.state = path(field["state"]);
    config.log = path(field["log"]);
    for (const JsonField& key : field["trusted_keys"].items(kMaxKeys)) {
      config.trusted_keys.push_back(path(key));
    }
    if (!field["face"].is_null()) config.face = face(field["face"]);
    if (!field["voice"].is_null()) config.voice = voice(field["voice"]);
    if (!field["touch"].is_null()) config.touch = touch(field["touch"]);
    if (!config.face && !config.voice && !config.touch) {
      field.refuse("must have one of face, voice and touch that is not null");
    }
    config.most_tar_loss = field["most_tar_loss"].number();
    if (!(config.most_tar_loss >= 0 && config.most_tar_loss <= 1)) {
      field["most_tar_loss"].refuse("must be from 0 to 1");
    }
    return config;
  }

 private:
  std::filesystem::path path(const JsonField& field) const {
    return (folder_ / field.text()).lexically_normal();
  }

  std::optional<std::filesystem::path> optional_path(const JsonField& field) const {
    if (field.is_null()) return std::nullopt;
    return path(field);
  }

  FaceSetup face(const JsonField& field) const {
    field.expect_fields(
        {"bundle", "detector", "landmarks", "attack_detectors", "frames", "score_calibration"});
    FaceSetup setup{.bundle = path(field["bundle"]),
                    .detector = path(field["detector"]),
                    .landmarks = optional_path(field["landmarks"]),
                    .attack_detectors = {},
                    .frames = field["frames"].whole(1, 100),
                    .score_calibration = calibration(field["score_calibration"])};
    for (const JsonField& detector : field["attack_detectors"].items(kMaxAttackDetectors)) {
      detector.expect_fields({"model", "preset", "calibration"});
      AttackDetectorSetup& one = setup.attack_detectors.emplace_back();
      one.model = path(detector["model"]);
      one.preset = detector["preset"].text();
      const JsonField own = detector["calibration"];
      if (own.is_null()) continue;
      own.expect_fields({"weight", "offset"});
      one.calibration = {finite(own["weight"]), finite(own["offset"])};
    }
    return setup;
  }

  VoiceSetup voice(const JsonField& field) const {
    field.expect_fields({"bundle", "voice_activity", "digits", "score_calibration"});
    return {.bundle = path(field["bundle"]),
            .voice_activity = optional_path(field["voice_activity"]),
            .digits = optional_path(field["digits"]),
            .score_calibration = calibration(field["score_calibration"])};
  }

  TouchSetup touch(const JsonField& field) const {
    field.expect_fields({"bundle", "score_calibration"});
    return {.bundle = path(field["bundle"]),
            .score_calibration = calibration(field["score_calibration"])};
  }

  static double finite(const JsonField& field) {
    const double number = field.number();
    if (!std::isfinite(number)) field.refuse("must be finite");
    return number;
  }

  static std::optional<ScoreCalibration> calibration(const JsonField& field) {
    if (field.is_null()) return std::nullopt;
    field.expect_fields({"features", "weights", "offset"});
    ScoreCalibration result;
    for (const JsonField& feature : field["features"].items(kMaxCalibrationFeatures)) {
      result.features.push_back(feature.text());
    }
    for (const JsonField& weight : field["weights"].items(kMaxCalibrationFeatures)) {
      result.llr.weights.push_back(weight.number());
    }
    result.llr.offset = field["offset"].number();
    if (const absl::Status status = check_score_calibration(result); !status.ok()) {
      field.refuse(std::string(status.message()));
    }
    return result;
  }

  const std::filesystem::path& folder_;
};

}  // namespace

absl::StatusOr<DoorConfig> parse_door_config(std::string_view text,
                                             const std::filesystem::path& folder) {
  DURWARD_ASSIGN_OR_RETURN(const nlohmann::json document, parse_strict_json(text));
  absl::Status status;
  DoorConfig config = ConfigReader(folder).read(JsonField(document, status, "docs/door.md"));
  if (!status.ok()) return status;
  return config;
}

absl::StatusOr<DoorConfig> read_door_config(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, kMaxDoorConfigBytes));
  absl::StatusOr<DoorConfig> config = parse_door_config(text, path.parent_path());
  if (!config.ok()) return with_context(config.status(), path.string());
  return config;
}

}  // namespace durward
