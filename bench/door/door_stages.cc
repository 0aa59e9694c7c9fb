// How long each stage of a door takes on one thread: of a frame, of 60 ms of sound, and of a
// decision. Models are those of the configuration, loaded as the door loads them.
// usage: door_stages DOOR.json USER PICTURE RECORDING [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "audio/digit_recognizer.h"
#include "audio/mel.h"
#include "audio/sound_mark.h"
#include "audio/speaker_stream.h"
#include "auth/boot_clock.h"
#include "auth/decision_log.h"
#include "auth/enrolled_template.h"
#include "auth/state_database.h"
#include "base/file.h"
#include "base/sha256.h"
#include "data/audio.h"
#include "data/tensor.h"
#include "door/door_setup.h"
#include "door/open_door.h"
#include "pipeline/voice_activity_model.h"
#include "vision/face_crop.h"
#include "vision/face_detector.h"
#include "vision/face_landmarks.h"
#include "vision/face_quality.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kWarmUp = 5;

// A benchmark has nothing to tell about a model that fails but that it does.
void require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << "door_stages: " << status.message() << "\n";
  std::exit(1);
}
template <typename T>
T value_of(absl::StatusOr<T> value) {
  require(value.status());
  return *std::move(value);
}

class Stages {
 public:
  explicit Stages(int rounds) : rounds_(rounds) {}

  void time(const std::string& name, const std::function<absl::Status()>& work) {
    std::vector<double> times;
    for (int round = 0; round < rounds_ + kWarmUp; ++round) {
      const auto start = std::chrono::steady_clock::now();
      require(work());
      const std::chrono::duration<double, std::milli> time =
          std::chrono::steady_clock::now() - start;
      if (round >= kWarmUp) times.push_back(time.count());
    }
    add(name, times);
  }

  void add(const std::string& name, std::vector<double> times) {
    std::sort(times.begin(), times.end());
    stages_.push_back({{"stage", name},
                       {"median_ms", times[times.size() / 2]},
                       {"p90_ms", times[times.size() * 9 / 10]},
                       {"lowest_ms", times.front()},
                       {"highest_ms", times.back()}});
  }

  [[nodiscard]] const json& stages() const { return stages_; }

 private:
  const int rounds_;
  json stages_ = json::array();
};

Embedder embedder_of(const fs::path& bundle, const Preprocessing& preprocessing) {
  return value_of(Embedder::create(value_of(load_model(RuntimeKind::kEngine, bundle, {})),
                                   input_shape(preprocessing)));
}

void time_face(const DoorConfig& config, const fs::path& picture, Stages& stages) {
  const std::vector<std::byte> file = value_of(read_file(picture, int64_t{1} << 24));
  const Image image = value_of(decode_image(file, picture.string()));
  stages.time("capture: decoding a frame (JPEG)",
              [&] { return decode_image(file, picture.string()).status(); });
  stages.time("digest of the frame", [&] {
    (void)sha256_hex(std::as_bytes(std::span(image.rgb)));
    return absl::OkStatus();
  });
  FaceDetector detector = value_of(FaceDetector::load(config.face->detector));
  stages.time("detection", [&] { return detector.detect(image).status(); });
  const std::vector<Face> faces = value_of(detector.detect(image));
  if (faces.empty()) require(absl::NotFoundError("no face is found in the picture"));
  const Face& face = faces[0];
  if (config.face->landmarks) {
    FaceLandmarks landmarks = value_of(FaceLandmarks::create(
        value_of(load_model(RuntimeKind::kEngine, *config.face->landmarks, {}))));
    stages.time("landmarks", [&] { return landmarks.find(image, face.box).status(); });
  }
  stages.time("quality", [&] { return face_quality(image, face).status(); });
  for (const AttackDetectorSetup& setup : config.face->attack_detectors) {
    const auto preset = value_of(preprocessing_preset(setup.preset));
    AttackDetector attack = value_of(AttackDetector::create(
        setup.model.stem().string(), value_of(load_model(RuntimeKind::kEngine, setup.model, {})),
        std::get<InputSpec>(preset), {}));
    stages.time("presentation attacks", [&] { return attack.score(image, face).status(); });
  }
  const Bundle bundle = value_of(open_door_bundle(config, config.face->bundle));
  const FactorModel model =
      value_of(factor_model(bundle, "face", config.face->score_calibration, 0));
  const InputSpec& spec = std::get<InputSpec>(model.preprocessing);
  Embedder embedder = embedder_of(config.face->bundle, model.preprocessing);
  std::vector<float> input(value_of(crop_face(image, face, spec)).rgb.size());
  stages.time("alignment and input", [&] {
    DURWARD_ASSIGN_OR_RETURN(const Image crop, crop_face(image, face, spec));
    return fill_tensor(crop, spec, input);
  });
  stages.time("face embedding", [&] { return embedder.embed(input).status(); });
}

void time_voice(const DoorConfig& config, const fs::path& recording, Stages& stages) {
  Audio audio = value_of(read_audio(recording));
  const Bundle bundle = value_of(open_door_bundle(config, config.voice->bundle));
  const FactorModel model =
      value_of(factor_model(bundle, "voice", config.voice->score_calibration, 0));
  const VoiceSpec& spec = std::get<VoiceSpec>(model.preprocessing);
  auto vad = value_of(load_voice_activity(spec.voice_activity, config.voice->voice_activity));
  const auto frame = static_cast<size_t>(vad->frame_samples());
  const size_t block = 2 * frame;
  require(vad->begin());
  size_t at = 0;
  const auto next = [&](size_t count) {
    if (at + count > audio.samples.size()) at = 0;
    const auto part = std::span<const float>(audio.samples).subspan(at, count);
    at += count;
    return part;
  };
  SoundMarks marks;
  stages.time("digest of a block of sound", [&] {
    (void)marks.next(next(block));
    return absl::OkStatus();
  });
  stages.time("voice activity, two frames", [&] {
    DURWARD_RETURN_IF_ERROR(vad->hears(next(frame)).status());
    return vad->hears(next(frame)).status();
  });
  MelSpectrum mel = value_of(MelSpectrum::create(spec));
  std::vector<float> spectrum(static_cast<size_t>(spec.bands));
  const auto frames = static_cast<int64_t>(block) / spec.hop;
  stages.time("mel spectra of a block", [&] {
    for (int64_t i = 0; i < frames; ++i) mel.frame(audio.samples, 10 + i, spectrum);
    return absl::OkStatus();
  });
  Embedder embedder = embedder_of(config.voice->bundle, model.preprocessing);
  std::vector<float> partial(static_cast<size_t>(spec.partial_frames * spec.bands));
  for (int64_t i = 0; i < spec.partial_frames; ++i) {
    mel.frame(audio.samples, i,
              std::span(partial).subspan(static_cast<size_t>(i * spec.bands),
                                         static_cast<size_t>(spec.bands)));
  }
  stages.time("voice embedding, one partial", [&] { return embedder.embed(partial).status(); });
  // What is left when the last sample has come: the same as a voice factor does.
  std::vector<double> rest;
  SpeakerStream stream(value_of(VoiceStream::create(spec, std::move(vad))), std::move(embedder));
  for (int round = 0; round < 20; ++round) {
    require(stream.begin());
    for (size_t start = 0; start + block <= audio.samples.size(); start += block) {
      require(stream.push(std::span<const float>(audio.samples).subspan(start, block)));
    }
    const auto began = std::chrono::steady_clock::now();
    require(stream.embedding().status());
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - began;
    rest.push_back(time.count());
  }
  stages.add("voice embedding, all that is left at the end", rest);
  if (!config.voice->digits) return;
  DigitModel digits;
  digits.acoustic = *config.voice->digits;
  const auto recognizer = value_of(DigitRecognizer::create(digits));
  require(recognizer->begin());
  stages.time("spoken digits, a block", [&] {
    DURWARD_RETURN_IF_ERROR(recognizer->push(next(block)));
    return recognizer->heard().status();
  });
}

void time_decision(const DoorConfig& config, const std::string& user, Stages& stages) {
  TemplateStore store = value_of(open_door_store(config));
  stages.time("the user's templates", [&] { return store.templates_of(user).status(); });
  const std::vector<Template> templates = value_of(store.templates_of(user));
  const TemplatesOf known = [&](std::string_view) { return templates; };
  const Template& face = templates.at(0);
  const EnrolledTemplate enrolled =
      value_of(enrolled_template(known, user, face.model, {}, face.created * 1000));
  stages.time("comparison", [&] { return compare_with(enrolled, face.embedding).status(); });
  const Policy policy = value_of(read_policy(config.policy));
  DecisionRecord decided;
  decided.user = user;
  std::vector<FactorEvidence>& evidence = decided.factors;
  for (const FactorPolicy& rule : policy.factors) {
    FactorEvidence& one = evidence.emplace_back();
    one.modality = rule.modality;
    one.samples = 5;
    one.llr = 9;
    one.pad_llr = 5;
  }
  stages.time("fusion and decision", [&] {
    return decide(policy, evidence).fused_llr ? absl::OkStatus()
                                              : absl::InternalError("nothing was fused");
  });
  const Secret key = value_of(store.key_for(kAuthKeyPurpose));
  SystemBootClock clock;
  AttemptLimiter limiter = value_of(AttemptLimiter::open(config.state, key, clock));
  stages.time("charging an attempt, and giving it back (on the disk)", [&] {
    DURWARD_RETURN_IF_ERROR(limiter.charge("door_stages", policy.attempts).status());
    return limiter.reset("door_stages");
  });
  DecisionLog log = value_of(DecisionLog::open(config.log, config.state, key));
  const std::string record = record_text(decided);
  stages.time("record (on the disk)", [&] { return log.append(record); });
}

}  // namespace
}  // namespace durward

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: door_stages DOOR.json USER PICTURE RECORDING [ROUNDS]\n";
    return 2;
  }
  const durward::DoorConfig config = durward::value_of(durward::read_door_config(argv[1]));
  durward::Stages stages(argc > 5 ? std::atoi(argv[5]) : 100);
  if (config.face) durward::time_face(config, argv[3], stages);
  if (config.voice) durward::time_voice(config, argv[4], stages);
  durward::time_decision(config, argv[2], stages);
  std::cout << stages.stages().dump(2) << "\n";
}
