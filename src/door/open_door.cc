#include "door/open_door.h"

#include <algorithm>
#include <future>

#include "auth/face_factor.h"
#include "auth/touch_factor.h"
#include "auth/voice_factor.h"
#include "base/sha256.h"
#include "bundle/key_file.h"
#include "door/door_setup.h"
#include "door/source_sequence.h"

namespace durward {
namespace {

constexpr std::string_view kDeepTreePreset = "face-antispoofing-tree";

// The digest that a decision's record names: of the manifest, which has those of all members.
std::string digest_of(const Bundle& bundle) { return sha256_hex(bundle.manifest_bytes()); }

std::string plan_digest(const Manifest& manifest) {
  const auto plan = std::find_if(manifest.members.begin(), manifest.members.end(),
                                 [](const ManifestMember& one) { return one.path == kPlanPath; });
  return plan == manifest.members.end() ? "" : plan->sha256;
}

// Models whose templates the certificate promises to cost no more, at every rate that it knows.
std::vector<std::string> compatible_versions(const Manifest& manifest, double most_tar_loss) {
  std::vector<std::string> versions;
  if (!manifest.certificate) return versions;
  for (const ForeignTemplates& foreign : manifest.certificate->templates) {
    const bool promised =
        !foreign.losses.empty() &&
        std::all_of(foreign.losses.begin(), foreign.losses.end(), [&](const auto& loss) {
          return loss.loss_bound && *loss.loss_bound <= most_tar_loss;
        });
    if (promised) versions.push_back(foreign.model_sha256);
  }
  return versions;
}

absl::StatusOr<Embedder> load_embedder(const std::filesystem::path& path,
                                       const Preprocessing& preprocessing) {
  DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model,
                           load_model(RuntimeKind::kEngine, path, {}));
  return Embedder::create(std::move(model), input_shape(preprocessing));
}

// What runs a model that is no bundle of a factor, by its ending.
absl::StatusOr<RuntimeKind> runtime_of(const std::filesystem::path& file) {
  const std::filesystem::path ending = file.extension();
  if (ending == ".bundle") return RuntimeKind::kEngine;
  if (ending == ".tflite") return RuntimeKind::kLiteRt;
  if (ending == ".onnx") return RuntimeKind::kOnnxRuntime;
  return absl::InvalidArgumentError(
      absl::StrCat(file.string(), ": expected a .bundle, .tflite or .onnx"));
}

// Opens sources and loads models, factor by factor.
class FactorLoader {
 public:
  FactorLoader(const DoorConfig& config, const DoorSources& sources, const DoorSurroundings& around,
               TemplateBook& book)
      : config_(config), sources_(sources), around_(around), book_(book) {}

  // Factors at the same time: a camera's libraries take as long to load as all models.
  absl::StatusOr<std::vector<DoorFactor>> load() {
    std::vector<std::future<absl::StatusOr<DoorFactor>>> loading;
    const auto add = [&](bool there, const auto& setup, std::string_view what,
                         const auto& make) -> absl::Status {
      if (!there) return absl::OkStatus();
      if (!setup) {
        return absl::FailedPreconditionError(
            absl::StrCat("the configuration has no models for a ", std::string(what)));
      }
      loading.push_back(std::async(std::launch::async, [&setup, make] { return make(*setup); }));
      return absl::OkStatus();
    };
    DURWARD_RETURN_IF_ERROR(add(!sources_.cameras.empty(), config_.face, "face",
                                [this](const FaceSetup& setup) { return face(setup); }));
    DURWARD_RETURN_IF_ERROR(add(!sources_.microphones.empty(), config_.voice, "voice",
                                [this](const VoiceSetup& setup) { return voice(setup); }));
    DURWARD_RETURN_IF_ERROR(add(!sources_.touch.empty(), config_.touch, "touch",
                                [this](const TouchSetup& setup) { return touch(setup); }));
    std::vector<DoorFactor> factors;
    for (std::future<absl::StatusOr<DoorFactor>>& one : loading) {
      DURWARD_ASSIGN_OR_RETURN(DoorFactor factor, one.get());
      factors.push_back(std::move(factor));
    }
    return factors;
  }

 private:
  TemplatesOf templates() const {
    return [&book = book_](std::string_view user) { return book.templates_of(user); };
  }

  absl::StatusOr<FactorModel> model_of(const std::filesystem::path& path, std::string_view modality,
                                       const std::optional<ScoreCalibration>& own) const {
    DURWARD_ASSIGN_OR_RETURN(const Bundle bundle, open_door_bundle(config_, path));
    return factor_model(bundle, modality, own, config_.most_tar_loss);
  }

  // Bundles beside that of the embedding are such as the configuration trusts, too.
  absl::Status check_trust(const FaceSetup& setup) const {
    if (config_.trusted_keys.empty()) return absl::OkStatus();
    std::vector<std::filesystem::path> files = {setup.detector};
    if (setup.landmarks) files.push_back(*setup.landmarks);
    for (const AttackDetectorSetup& attack : setup.attack_detectors) files.push_back(attack.model);
    for (const std::filesystem::path& file : files) {
      if (file.extension() != ".bundle") continue;
      DURWARD_RETURN_IF_ERROR(open_door_bundle(config_, file).status());
    }
    return absl::OkStatus();
  }

  static absl::StatusOr<AttackDetector> attack_detector(const AttackDetectorSetup& setup) {
    AttackCalibration calibration;
    if (setup.calibration) {
      calibration = *setup.calibration;
    } else {
      DURWARD_ASSIGN_OR_RETURN(calibration, attack_calibration(setup.preset));
    }
    DURWARD_ASSIGN_OR_RETURN(const RuntimeKind runtime, runtime_of(setup.model));
    DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> model,
                             load_model(runtime, setup.model, {}));
    const std::string name = setup.model.stem().string();
    if (setup.preset == kDeepTreePreset) {
      return AttackDetector::create_tree(name, std::move(model), calibration);
    }
    DURWARD_ASSIGN_OR_RETURN(const Preprocessing preset, preprocessing_preset(setup.preset));
    const auto* spec = std::get_if<InputSpec>(&preset);
    if (spec == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("preset ", setup.preset, " is of no picture"));
    }
    return AttackDetector::create(name, std::move(model), *spec, calibration);
  }

  absl::StatusOr<DoorFactor> face(const FaceSetup& setup) const {
    DURWARD_RETURN_IF_ERROR(check_trust(setup));
    DURWARD_ASSIGN_OR_RETURN(FactorModel model,
                             model_of(setup.bundle, "face", setup.score_calibration));
    const auto* spec = std::get_if<InputSpec>(&model.preprocessing);
    if (spec == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(setup.bundle.string(), ": its model takes no pictures"));
    }
    FaceFactorParts parts{.camera = nullptr,
                          .detector = std::nullopt,
                          .embedder = std::nullopt,
                          .spec = *spec,
                          .calibration = model.calibration,
                          .model = std::move(model.model),
                          .bundle_sha256 = std::move(model.bundle_sha256),
                          .compatible_versions = std::move(model.compatible_versions),
                          .templates = templates(),
                          .clock = around_.clock};
    parts.rules.frames = static_cast<int>(setup.frames);
    parts.viewer = around_.viewer;
    std::future<absl::StatusOr<std::unique_ptr<Camera>>> camera = std::async(
        std::launch::async, [this] { return open_cameras(sources_.cameras, kDoorCamera); });
    DURWARD_ASSIGN_OR_RETURN(parts.detector, FaceDetector::load(setup.detector));
    DURWARD_ASSIGN_OR_RETURN(parts.embedder, load_embedder(setup.bundle, model.preprocessing));
    for (const AttackDetectorSetup& detector : setup.attack_detectors) {
      absl::StatusOr<AttackDetector> loaded = attack_detector(detector);
      if (!loaded.ok()) return with_context(loaded.status(), detector.model.string());
      parts.attack_detectors.push_back(*std::move(loaded));
    }
    if (setup.landmarks) {
      DURWARD_ASSIGN_OR_RETURN(const RuntimeKind runtime, runtime_of(*setup.landmarks));
      DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<RuntimeModel> landmarks,
                               load_model(runtime, *setup.landmarks, {}));
      DURWARD_ASSIGN_OR_RETURN(parts.landmarks, FaceLandmarks::create(std::move(landmarks)));
    }
    DURWARD_ASSIGN_OR_RETURN(parts.camera, camera.get());
    DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<TemplateFactor> factor,
                             create_face_factor(std::move(parts)));
    return DoorFactor{std::move(factor), std::move(model.calibration)};
  }

  absl::StatusOr<std::unique_ptr<VoiceActivityDetector>> voice_activity(
      const VoiceSetup& setup, const VoiceSpec& spec) const {
    if (around_.load_voice_activity) {
      return around_.load_voice_activity(spec.voice_activity, setup.voice_activity);
    }
    return create_voice_activity_detector(spec.voice_activity);
  }

  absl::StatusOr<DoorFactor> voice(const VoiceSetup& setup) const {
    DURWARD_ASSIGN_OR_RETURN(FactorModel model,
                             model_of(setup.bundle, "voice", setup.score_calibration));
    const auto* spec = std::get_if<VoiceSpec>(&model.preprocessing);
    if (spec == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(setup.bundle.string(), ": its model hears no voices"));
    }
    VoiceFactorParts parts{.microphone = nullptr,
                           .spec = *spec,
                           .detector = nullptr,
                           .embedder = std::nullopt,
                           .digits = nullptr,
                           .calibration = model.calibration,
                           .model = std::move(model.model),
                           .bundle_sha256 = std::move(model.bundle_sha256),
                           .compatible_versions = std::move(model.compatible_versions),
                           .templates = templates(),
                           .clock = around_.clock,
                           .rules = {}};
    DURWARD_ASSIGN_OR_RETURN(parts.detector, voice_activity(setup, *spec));
    DURWARD_ASSIGN_OR_RETURN(parts.embedder, load_embedder(setup.bundle, model.preprocessing));
    if (setup.digits) {
      DigitModel digits;
      digits.acoustic = *setup.digits;
      DURWARD_ASSIGN_OR_RETURN(parts.digits, DigitRecognizer::create(digits));
    }
    // Blocks that end where a sample of the factor ends: none waits for the rest of a block.
    const MicrophoneOptions sound{.block_samples =
                                      kVoiceSampleFrames * parts.detector->frame_samples()};
    DURWARD_ASSIGN_OR_RETURN(parts.microphone, open_microphones(sources_.microphones, sound));
    DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<TemplateFactor> factor,
                             create_voice_factor(std::move(parts)));
    return DoorFactor{std::move(factor), std::move(model.calibration)};
  }

  absl::StatusOr<DoorFactor> touch(const TouchSetup& setup) const {
    DURWARD_ASSIGN_OR_RETURN(FactorModel model,
                             model_of(setup.bundle, "touch", setup.score_calibration));
    const auto* spec = std::get_if<FeatureSpec>(&model.preprocessing);
    if (spec == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(setup.bundle.string(), ": its model takes no measured features"));
    }
    TouchFactorParts parts{.lines = nullptr,
                           .embedder = nullptr,
                           .spec = *spec,
                           .calibration = model.calibration,
                           .model = std::move(model.model),
                           .bundle_sha256 = std::move(model.bundle_sha256),
                           .compatible_versions = std::move(model.compatible_versions),
                           .templates = templates(),
                           .clock = around_.clock};
    DURWARD_ASSIGN_OR_RETURN(Embedder embedder, load_embedder(setup.bundle, model.preprocessing));
    parts.embedder = std::make_unique<Embedder>(std::move(embedder));
    DURWARD_ASSIGN_OR_RETURN(parts.lines, TouchLines::open(sources_.touch));
    DURWARD_ASSIGN_OR_RETURN(std::unique_ptr<TemplateFactor> factor,
                             create_touch_factor(std::move(parts)));
    return DoorFactor{std::move(factor), std::move(model.calibration)};
  }

  const DoorConfig& config_;
  const DoorSources& sources_;
  const DoorSurroundings& around_;
  TemplateBook& book_;
};

}  // namespace

absl::StatusOr<Bundle> open_door_bundle(const DoorConfig& config,
                                        const std::filesystem::path& path) {
  BundleOptions options;
  for (const std::filesystem::path& file : config.trusted_keys) {
    DURWARD_ASSIGN_OR_RETURN(const PublicKey key, read_public_key(file));
    options.trusted_keys.push_back(key);
  }
  if (!options.trusted_keys.empty()) options.require = BundleOptions::Require::kTrustedSignature;
  return Bundle::open(path, options);
}

absl::StatusOr<FactorModel> factor_model(const Bundle& bundle, std::string_view modality,
                                         const std::optional<ScoreCalibration>& own,
                                         double most_tar_loss) {
  const Manifest& manifest = bundle.manifest();
  FactorModel model;
  DURWARD_ASSIGN_OR_RETURN(model.preprocessing,
                           parse_preprocessing(manifest.preprocessing.dump(), bundle.name()));
  if (own) {
    model.calibration = *own;
  } else if (manifest.score_calibration) {
    model.calibration = manifest.score_calibration->calibration;
  } else {
    return absl::FailedPreconditionError(absl::StrCat(
        bundle.name(),
        ": it does not say what its scores weigh; run durward calibrate on it, or put a "
        "score_calibration into the configuration"));
  }
  model.model = {std::string(modality), manifest.model.name, plan_digest(manifest)};
  model.bundle_sha256 = digest_of(bundle);
  model.compatible_versions = compatible_versions(manifest, most_tar_loss);
  return model;
}

absl::StatusOr<std::unique_ptr<Door>> open_door(const DoorConfig& config,
                                                const DoorSources& sources,
                                                const DoorSurroundings& around) {
  if (around.clock == nullptr || around.boot_clock == nullptr) {
    return absl::InvalidArgumentError("a door needs two clocks");
  }
  DoorParts parts{.state = config.state,
                  .log = config.log,
                  .clock = around.clock,
                  .boot_clock = around.boot_clock,
                  .observer = around.observer};
  DURWARD_ASSIGN_OR_RETURN(parts.policy, read_policy(config.policy));
  DURWARD_ASSIGN_OR_RETURN(TemplateStore store, open_door_store(config));
  parts.book = std::make_unique<TemplateBook>(std::move(store));
  DURWARD_ASSIGN_OR_RETURN(parts.factors,
                           FactorLoader(config, sources, around, *parts.book).load());
  return Door::create(std::move(parts));
}

}  // namespace durward
