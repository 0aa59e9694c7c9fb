#include <iostream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/file.h"
#include "commands.h"
#include "door/door_setup.h"
#include "door_options.h"
#include "policy_option.h"
#include "report/result_json.h"
#include "terminal.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct DoorCommand {
  DoorOptions door;
  std::string policy = "home", key = "file:store.key";
  std::string face, detector, landmarks, voice, voice_activity, digits, touch;
  std::vector<std::string> attack_detectors, trusted_keys;
  int64_t frames = FaceSetup().frames;
  std::vector<double> face_llr, voice_llr;
  std::string user, backup;
};

// MODEL:PRESET
absl::StatusOr<AttackDetectorSetup> parse_attack_detector(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--attack-detector ", text, ": expected MODEL:PRESET"));
  }
  return AttackDetectorSetup{.model = text.substr(0, colon), .preset = text.substr(colon + 1)};
}

// Of --face-llr and --voice-llr: WEIGHT and OFFSET, or nothing.
std::optional<ScoreCalibration> assumed_calibration(const std::vector<double>& llr) {
  if (llr.empty()) return std::nullopt;
  return ScoreCalibration{{std::string(kScoreFeature)}, {{llr[0]}, llr[1]}};
}

absl::StatusOr<DoorConfig> new_config(const DoorCommand& options, const fs::path& file) {
  DoorConfig config;
  config.folder = file.parent_path();
  config.policy = config.folder / "policy.json";
  config.store = config.folder / "templates.db";
  config.state = config.folder / "state.db";
  config.log = config.folder / "decisions.jsonl";
  config.key = options.key;
  for (const std::string& key : options.trusted_keys) config.trusted_keys.emplace_back(key);
  if (!options.face.empty()) {
    config.face = FaceSetup{.bundle = options.face, .detector = options.detector};
    config.face->frames = options.frames;
    config.face->score_calibration = assumed_calibration(options.face_llr);
    if (!options.landmarks.empty()) config.face->landmarks = options.landmarks;
    for (const std::string& text : options.attack_detectors) {
      DURWARD_ASSIGN_OR_RETURN(config.face->attack_detectors.emplace_back(),
                               parse_attack_detector(text));
    }
  }
  if (!options.voice.empty()) {
    config.voice = VoiceSetup{.bundle = options.voice};
    config.voice->score_calibration = assumed_calibration(options.voice_llr);
    if (!options.voice_activity.empty()) config.voice->voice_activity = options.voice_activity;
    if (!options.digits.empty()) config.voice->digits = options.digits;
  }
  if (!options.touch.empty()) config.touch = TouchSetup{.bundle = options.touch};
  return config;
}

absl::StatusOr<ExitCode> run_init(const DoorCommand& options, const CommandLine& line) {
  const fs::path file = options.door.config;
  std::vector<fs::path> made;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    DURWARD_ASSIGN_OR_RETURN(const std::string policy, policy_text(options.policy));
    DURWARD_ASSIGN_OR_RETURN(const DoorConfig config, new_config(options, file));
    const std::string text = door_config_text(config);
    if (absl::Status status = parse_door_config(text, config.folder).status(); !status.ok()) {
      return with_context(status, "the options make no door");
    }
    if (!config.folder.empty()) fs::create_directories(config.folder, ignored);
    if (!fs::exists(config.policy, ignored)) {
      DURWARD_RETURN_IF_ERROR(write_file_atomic(config.policy, policy));
      made.push_back(config.policy);
    }
    DURWARD_RETURN_IF_ERROR(write_file_atomic(file, text));
    made.push_back(file);
  }
  DURWARD_ASSIGN_OR_RETURN(const DoorConfig config, read_door_config(file));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<fs::path> more, set_up_door(config));
  made.insert(made.end(), more.begin(), more.end());
  if (line.json) {
    json list = json::array();
    for (const fs::path& path : made) list.push_back(path.string());
    std::cout << result_text({{"door", file.string()}, {"made", std::move(list)}});
    return kExitOk;
  }
  for (const fs::path& path : made) std::cout << printable("wrote " + path.string()) << "\n";
  if (made.empty()) std::cout << "everything is there\n";
  return kExitOk;
}

absl::StatusOr<ExitCode> told(const CommandLine& line, const std::string& what,
                              const std::string& name) {
  if (line.json) {
    std::cout << result_text({{what, name}});
  } else {
    std::cout << printable(absl::StrCat(what, " ", name)) << "\n";
  }
  return kExitOk;
}

absl::StatusOr<ExitCode> run_unlock(const DoorCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const auto opened, options.door.open(line.quiet));
  DURWARD_RETURN_IF_ERROR(opened->door().unlock(options.user));
  return told(line, "unlocked", options.user);
}

absl::StatusOr<ExitCode> run_back_up(const DoorCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const auto opened, options.door.open(line.quiet));
  DURWARD_RETURN_IF_ERROR(opened->door().back_up(options.backup));
  return told(line, "wrote", options.backup);
}

absl::StatusOr<ExitCode> run_restore(const DoorCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const DoorConfig config, read_door_config(options.door.config));
  DURWARD_RETURN_IF_ERROR(restore_door_store(config, options.backup));
  return told(line, "restored", config.store.string());
}

using Action = absl::StatusOr<ExitCode> (*)(const DoorCommand&, const CommandLine&);

CLI::App* add_part(CLI::App& parent, CommandLine& line, const std::shared_ptr<DoorCommand>& options,
                   const std::string& name, const std::string& help, Action action) {
  CLI::App* command = parent.add_subcommand(name, help);
  options->door.add_config(*command);
  command->callback([options, &line, action] {
    line.run = [options, &line, action] { return action(*options, line); };
  });
  return command;
}

void add_init_options(CLI::App& command, DoorCommand& options) {
  command
      .add_option("--policy", options.policy,
                  "one that comes along, or a file; copied beside the configuration")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  command.add_option("--key", options.key, "where the store's key comes from")
      ->type_name("SOURCE")
      ->capture_default_str();
  command.add_option("--trusted-key", options.trusted_keys, "a public key that signs bundles")
      ->type_name("PUB")
      ->allow_extra_args(false);
  const auto file = [&command](const char* name, std::string& value, const char* help) {
    return command.add_option(name, value, help)->type_name("FILE");
  };
  CLI::Option* face = file("--face", options.face, "the bundle of a face model");
  CLI::Option* detector =
      file("--detector", options.detector, "the face detector: BlazeFace .tflite or YuNet .onnx");
  face->needs(detector);
  detector->needs(face);
  command.add_option("--frames", options.frames, "of a face that are compared")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command
      .add_option("--face-llr", options.face_llr,
                  "what a score of the face model weighs, WEIGHT and OFFSET, where its bundle does "
                  "not say")
      ->expected(2)
      ->needs(face);
  file("--landmarks", options.landmarks, "the model that finds blinks")->needs(face);
  command
      .add_option("--attack-detector", options.attack_detectors,
                  "a model that tells live faces from pictures, and its preset")
      ->type_name("MODEL:PRESET")
      ->allow_extra_args(false)
      ->needs(face);
  CLI::Option* voice = file("--voice", options.voice, "the bundle of a speaker model");
  command
      .add_option("--voice-llr", options.voice_llr, "the same as --face-llr, of the speaker model")
      ->expected(2)
      ->needs(voice);
  file("--voice-activity", options.voice_activity, "the model that finds speech: Silero .onnx")
      ->needs(voice);
  command
      .add_option("--digits", options.digits, "the acoustic model that recognises spoken digits")
      ->type_name("FOLDER")
      ->needs(voice);
  file("--touch", options.touch, "the bundle of a touch model");
}

}  // namespace

void add_door(CLI::App& app, CommandLine& line) {
  const auto options = std::make_shared<DoorCommand>();
  CLI::App* door =
      app.add_subcommand("door", "Make a door, unlock a user, back up and restore templates");
  // None at all is refused after the parse, as of bundle.
  door->require_subcommand(0, 1);
  door->callback([door] {
    if (door->get_subcommands().empty()) {
      throw CLI::RequiredError("A subcommand (init, unlock, backup or restore)");
    }
  });
  door->footer(
      "Examples:\n"
      "  durward door init --face face.bundle --detector face_detection_short_range.tflite\n"
      "  durward door unlock ann\n"
      "docs/door.md is the guide.");

  CLI::App* command = add_part(*door, line, options, "init",
                               "Write a configuration, where there is none, and make the key file, "
                               "the store and the state that it names",
                               run_init);
  add_init_options(*command, *options);
  command->footer(
      "Nothing that is there is changed.\n"
      "Examples:\n"
      "  durward door init --face face.bundle --detector face_detection_short_range.tflite\n"
      "  durward door init --door /etc/durward/door.json --key tpm --policy gateway ...");

  command = add_part(*door, line, options, "unlock",
                     "Let somebody try again who is locked out or disabled", run_unlock);
  command->add_option("USER", options->user, "the name")->required();
  command->footer(
      "Examples:\n"
      "  durward door unlock ann");

  command =
      add_part(*door, line, options, "backup", "Copy the templates to another file", run_back_up);
  command->add_option("FILE", options->backup, "the copy, which opens with the same key")
      ->required();
  command->footer(
      "Also while others use the door. Keep the key as well: without it a copy is nothing.\n"
      "Examples:\n"
      "  durward door backup /media/usb/templates.db");

  command = add_part(*door, line, options, "restore",
                     "Put a copy of the templates in the place of the store", run_restore);
  command->add_option("FILE", options->backup, "the copy")->required();
  command->footer(
      "Nobody may use the door meanwhile.\n"
      "Examples:\n"
      "  durward door restore /media/usb/templates.db");
}

}  // namespace durward
