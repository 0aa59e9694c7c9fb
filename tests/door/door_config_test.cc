#include "door/door_config.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/temporary_folder.h"

namespace durward {
namespace {

using nlohmann::json;
using ::testing::StartsWith;

DoorConfig whole_config() {
  return {
      .folder = "/etc/door",
      .policy = "/etc/door/home.json",
      .store = "/etc/door/templates.db",
      .state = "/etc/door/state.db",
      .log = "/var/log/door.jsonl",
      .key = "file:store.key",
      .trusted_keys = {"/etc/door/release.pub"},
      .face = FaceSetup{.bundle = "/etc/door/face.bundle",
                        .detector = "/usr/share/blazeface.tflite",
                        .landmarks = "/etc/door/pfld.onnx",
                        .attack_detectors = {{.model = "/etc/door/anti.onnx",
                                              .preset = "antispoofing",
                                              .calibration = AttackCalibration{2, 0.5}},
                                             {.model = "/etc/door/mini.onnx",
                                              .preset = "minifasnet-2.7"}},
                        .frames = 7,
                        .score_calibration = ScoreCalibration{{"cosine"}, {{30}, -12}}},
      .voice = VoiceSetup{.bundle = "/etc/door/voice.bundle",
                          .voice_activity = "/etc/door/silero_vad.onnx",
                          .digits = "/usr/share/pocketsphinx",
                          .score_calibration = std::nullopt},
      .touch = TouchSetup{.bundle = "/etc/door/touch.bundle", .score_calibration = std::nullopt},
      .most_tar_loss = 0.01};
}

json whole_document() { return json::parse(door_config_text(whole_config())); }

TEST(DoorConfig, IsReadAsItWasWritten) {
  const auto config = parse_door_config(door_config_text(whole_config()), "/etc/door");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(*config, whole_config());
}

TEST(DoorConfig, PathsAreOfTheFilesFolder) {
  const json document = whole_document();
  EXPECT_EQ(document["store"], "templates.db");
  EXPECT_EQ(document["log"], "/var/log/door.jsonl");
  const DoorConfig moved = parse_door_config(document.dump(), "elsewhere").value();
  EXPECT_EQ(moved.store, "elsewhere/templates.db");
  EXPECT_EQ(moved.log, "/var/log/door.jsonl");
  EXPECT_EQ(moved.face->bundle, "elsewhere/face.bundle");
}

TEST(DoorConfig, WrongFieldsAreNamed) {
  for (const auto& [pointer, value, error] :
       std::vector<std::tuple<std::string, json, std::string>>{
           {"/schema", "durward-door/2", "schema: must be durward-door/1"},
           {"/policy", 3, "policy: must be a text"},
           {"/store", "", "store: must be a text"},
           {"/trusted_keys", json(), "trusted_keys: must be a list"},
           {"/trusted_keys", std::vector<std::string>(17, "k"), "trusted_keys: must be a list"},
           {"/face", 1, "face: must be an object"},
           {"/face/bundle", json(), "face.bundle: must be a text"},
           {"/face/landmarks", 1, "face.landmarks: must be a text"},
           {"/face/attack_detectors", std::vector<int>(5), "face.attack_detectors: must be a list"},
           {"/face/attack_detectors/0/calibration/weight", "1",
            "face.attack_detectors[0].calibration.weight: must be a number"},
           {"/face/frames", 0, "face.frames: must be a whole number from 1 to 100"},
           {"/face/score_calibration/weights", json::array(),
            "face.score_calibration: there are 0 weights"},
           {"/face/blinks", true, "face.blinks: is unknown; docs/door.md"},
           {"/voice/digits", 1, "voice.digits: must be a text"},
           {"/touch/bundle", 1, "touch.bundle: must be a text"},
           {"/most_tar_loss", -0.1, "most_tar_loss: must be from 0 to 1"},
           {"/extra", 1, "extra: is unknown; docs/door.md lists the fields"},
       }) {
    json document = whole_document();
    document[json::json_pointer(pointer)] = value;
    const absl::Status status = parse_door_config(document.dump(), "").status();
    EXPECT_THAT(std::string(status.message()), StartsWith(error)) << pointer;
  }
}

TEST(DoorConfig, ADoorWithoutAFactorIsNone) {
  json document = whole_document();
  document["face"] = document["voice"] = document["touch"] = nullptr;
  EXPECT_THAT(std::string(parse_door_config(document.dump(), "").status().message()),
              StartsWith("the document must have one of face, voice and touch"));
}

class DoorConfigFileTest : public TemporaryFolderTest {};

TEST_F(DoorConfigFileTest, ErrorsNameTheFile) {
  const std::filesystem::path path = write("door.json", "{");
  EXPECT_THAT(std::string(read_door_config(path).status().message()), StartsWith(path.string()));
  EXPECT_TRUE(absl::IsNotFound(read_door_config(folder_ / "none.json").status()));
  EXPECT_TRUE(absl::IsResourceExhausted(
      read_door_config(write("large.json", std::string(65 << 10, ' '))).status()));
}

}  // namespace
}  // namespace durward
