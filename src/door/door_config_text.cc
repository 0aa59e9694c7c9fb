#include <nlohmann/json.hpp>

#include "door/door_config.h"

namespace durward {
namespace {

using nlohmann::ordered_json;

// As it stands in a file of this folder: relative where it lies below it or beside it.
std::string written(const std::filesystem::path& path, const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path relative =
      std::filesystem::proximate(path, folder.empty() ? "." : folder, error);
  const bool far_away = error || (!relative.empty() && *relative.begin() == "..");
  if (!far_away) return relative.string();
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return (error ? path : absolute).lexically_normal().string();
}

ordered_json calibration_json(const std::optional<ScoreCalibration>& calibration) {
  if (!calibration) return nullptr;
  return {{"features", calibration->features},
          {"weights", calibration->llr.weights},
          {"offset", calibration->llr.offset}};
}

}  // namespace

std::string door_config_text(const DoorConfig& config) {
  const auto path = [&](const std::filesystem::path& one) { return written(one, config.folder); };
  const auto optional_path = [&](const std::optional<std::filesystem::path>& one) {
    return one ? ordered_json(path(*one)) : ordered_json();
  };
  ordered_json document = {{"schema", kDoorSchema},
                           {"policy", path(config.policy)},
                           {"store", path(config.store)},
                           {"key", config.key},
                           {"state", path(config.state)},
                           {"log", path(config.log)},
                           {"trusted_keys", ordered_json::array()}};
  for (const auto& key : config.trusted_keys) document["trusted_keys"].push_back(path(key));
  document["face"] = document["voice"] = document["touch"] = nullptr;
  if (config.face) {
    ordered_json detectors = ordered_json::array();
    for (const AttackDetectorSetup& one : config.face->attack_detectors) {
      ordered_json own;
      if (one.calibration) {
        own = {{"weight", one.calibration->weight}, {"offset", one.calibration->offset}};
      }
      detectors.push_back(
          {{"model", path(one.model)}, {"preset", one.preset}, {"calibration", std::move(own)}});
    }
    document["face"] = {{"bundle", path(config.face->bundle)},
                        {"detector", path(config.face->detector)},
                        {"landmarks", optional_path(config.face->landmarks)},
                        {"attack_detectors", std::move(detectors)},
                        {"frames", config.face->frames},
                        {"score_calibration", calibration_json(config.face->score_calibration)}};
  }
  if (config.voice) {
    document["voice"] = {{"bundle", path(config.voice->bundle)},
                         {"voice_activity", optional_path(config.voice->voice_activity)},
                         {"digits", optional_path(config.voice->digits)},
                         {"score_calibration", calibration_json(config.voice->score_calibration)}};
  }
  if (config.touch) {
    document["touch"] = {{"bundle", path(config.touch->bundle)},
                         {"score_calibration", calibration_json(config.touch->score_calibration)}};
  }
  document["most_tar_loss"] = config.most_tar_loss;
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace durward
