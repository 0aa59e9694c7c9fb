#include "door/doctor.h"

#include <absl/strings/str_format.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>

#include "auth/log_verification.h"
#include "auth/state_database.h"
#include "auth/touch_lines.h"
#include "capture/camera.h"
#include "capture/microphone.h"
#include "door/door_setup.h"
#include "door/source_sequence.h"
#include "runtimes/golden.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

// The project's figure for a door with all models and 100 users, with room for what else runs.
constexpr int64_t kLeastMemoryBytes = int64_t{150} << 20;
constexpr int64_t kSampleMilliseconds = 3000;             // to wait for one
constexpr int64_t kLeastLockedBytes = int64_t{64} << 10;  // a Secret takes a page and two guards
// 1 January 2026, before which no Durward was.
constexpr int64_t kOldestWallMilliseconds = 1'767'225'600'000;
// More loss by calibration than this and LLRs mislead: of a perfect system's bit a tenth.
constexpr double kMostCalibrationLossBits = 0.1;

class Examination {
 public:
  Examination(const DoorConfig& config, const DoorSources& sources, const DoorSurroundings& around)
      : config_(config), sources_(sources), around_(around) {}

  std::vector<Finding> run() {
    look_at_policy();
    look_at_store();
    look_at_log();
    if (config_.face) look_at_face(*config_.face);
    if (config_.voice) look_at_voice(*config_.voice);
    if (config_.touch) {
      look_at_bundle("touch", config_.touch->bundle, config_.touch->score_calibration);
    }
    look_at_promises();
    look_at_sources();
    look_at_clocks();
    look_at_memory();
    return std::move(findings_);
  }

 private:
  void good(std::string what, std::string words) {
    findings_.push_back({std::move(what), Health::kGood, std::move(words)});
  }
  void warn(std::string what, std::string words) {
    findings_.push_back({std::move(what), Health::kWarning, std::move(words)});
  }
  void fail(std::string what, std::string words) {
    findings_.push_back({std::move(what), Health::kFailed, std::move(words)});
  }
  void fail(std::string what, const absl::Status& status) {
    fail(std::move(what), std::string(status.message()));
  }

  void look_at_policy() {
    absl::StatusOr<Policy> policy = read_policy(config_.policy);
    if (!policy.ok()) return fail("policy", policy.status());
    policy_ = *std::move(policy);
    good("policy", absl::StrFormat("%s: %s; of other people pass at most 1 in %.0f", policy_->name,
                                   policy_->summary, 1 / policy_->far_bound()));
  }

  void look_at_store() {
    absl::StatusOr<TemplateStore> store = open_door_store(config_);
    if (!store.ok()) {
      return fail("store",
                  absl::IsNotFound(store.status())
                      ? absl::StrCat(store.status().message(), "; make one with durward door init")
                      : std::string(store.status().message()));
    }
    if (const absl::Status status = store->check(); !status.ok()) return fail("store", status);
    const absl::StatusOr<std::vector<UserSummary>> users = store->users();
    if (!users.ok()) return fail("store", users.status());
    good("store",
         absl::StrCat(config_.store.string(), " opens with ",
                      config_.key.substr(0, config_.key.find(':')), ": ", users->size(),
                      users->size() == 1 ? " user" : " users", ", every template is whole"));
    absl::StatusOr<Secret> key = store->key_for(kAuthKeyPurpose);
    if (!key.ok()) return fail("store", key.status());
    auth_key_.emplace(*std::move(key));
  }

  void look_at_log() {
    absl::StatusOr<Database> state = open_state_database(config_.state);
    if (!state.ok()) return fail("state", state.status());
    good("state", absl::StrCat(config_.state.string(), " opens"));
    if (!auth_key_) return;
    const absl::StatusOr<Secret> key = log_key(*auth_key_);
    if (!key.ok()) return fail("log", key.status());
    absl::StatusOr<LogHead> head = read_log_head(*state, *key);
    if (!head.ok()) return fail("log", head.status());
    if (head->sequence == 0 && log_files(config_.log).empty()) {
      return good("log", "nothing was decided yet");
    }
    const absl::StatusOr<LogVerification> verified =
        verify_log(config_.log, LogProof{*key, *std::move(head)});
    if (!verified.ok()) return fail("log", verified.status());
    const std::string words = absl::StrCat(config_.log.string(), ": ", verified->lines, " lines, ",
                                           std::string(name_of(verified->state)),
                                           verified->reason.empty() ? "" : ": ", verified->reason);
    switch (verified->state) {
      case LogState::kIntact:
        return good("log", words);
      case LogState::kTorn:
        return warn("log", words + "; the next decision puts it right");
      default:
        return fail("log", words + "; keep it as evidence, docs/decisions.md says what to do");
    }
  }

  void look_at_bundle(const std::string& modality, const fs::path& path,
                      const std::optional<ScoreCalibration>& own) {
    const std::string what = modality + " bundle";
    const absl::StatusOr<Bundle> bundle = open_door_bundle(config_, path);
    if (!bundle.ok()) return fail(what, bundle.status());
    if (const absl::Status status = bundle->check_members(); !status.ok()) {
      return fail(what, status);
    }
    const absl::StatusOr<GoldenResult> golden = check_golden(*bundle, std::nullopt);
    if (!golden.ok()) return fail(what, golden.status());
    if (golden->vectors == 0) {
      warn(what, absl::StrCat(path.string(),
                              ": it has no golden vectors, so nothing shows that "
                              "this machine computes what was validated"));
    } else {
      good(what, absl::StrCat(path.string(), ": ", bundle->manifest().model.name, ", ",
                              std::string(to_string(bundle->signature_state())), ", ",
                              golden->vectors, " golden vectors equal"));
    }
    const absl::StatusOr<FactorModel> model =
        factor_model(*bundle, modality, own, config_.most_tar_loss);
    if (!model.ok()) return fail(what, model.status());
    look_at_calibration(what, bundle->manifest(), own.has_value());
    look_at_certificate(what, bundle->manifest());
  }

  void look_at_calibration(const std::string& what, const Manifest& manifest, bool own) {
    if (own) {
      return warn(what,
                  "the configuration says what its scores weigh, not the bundle: nothing "
                  "shows how right that is");
    }
    const CertifiedCalibration& found = *manifest.score_calibration;
    const double loss = found.cllr - found.min_cllr;
    const std::string words =
        absl::StrFormat("scores weigh as measured on %d people: Cllr %.3f, minCllr %.3f bits",
                        found.people, found.cllr, found.min_cllr);
    if (loss > kMostCalibrationLossBits) {
      warn(what, words + "; LLRs mislead: calibrate on more people");
    } else {
      good(what, words);
    }
  }

  void look_at_certificate(const std::string& what, const Manifest& manifest) {
    if (!policy_) return;
    if (!manifest.certificate || manifest.certificate->points.empty()) {
      return warn(what, "no certificate promises any rate: how many others pass is not known");
    }
    const auto& points = manifest.certificate->points;
    const auto strictest =
        std::min_element(points.begin(), points.end(),
                         [](const auto& a, const auto& b) { return a.far_bound < b.far_bound; });
    const std::string words = absl::StrFormat(
        "its certificate promises a FAR of at most %.2g (TAR at least %.3f); the policy asks for "
        "%.2g",
        strictest->far_bound, strictest->tar_bound, policy_->far_bound());
    if (strictest->far_bound > policy_->far_bound()) {
      warn(what, words + ": too few people were measured to promise that");
    } else {
      good(what, words);
    }
  }

  void look_at_file(const std::string& what, const fs::path& path) {
    std::error_code error;
    if (fs::exists(path, error)) return;
    fail(what, absl::StrCat(path.string(), " is not there"));
  }

  void look_at_face(const FaceSetup& setup) {
    look_at_bundle("face", setup.bundle, setup.score_calibration);
    look_at_file("face detector", setup.detector);
    if (setup.landmarks) look_at_file("landmarks", *setup.landmarks);
    for (const AttackDetectorSetup& detector : setup.attack_detectors) {
      look_at_file("attack detector", detector.model);
    }
  }

  void look_at_voice(const VoiceSetup& setup) {
    look_at_bundle("voice", setup.bundle, setup.score_calibration);
    if (setup.voice_activity) look_at_file("voice activity", *setup.voice_activity);
    if (setup.digits) look_at_file("digits", *setup.digits);
  }

  // What the policy asks for that this configuration cannot give.
  void look_at_promises() {
    if (!policy_) return;
    for (const FactorPolicy& rule : policy_->factors) {
      const bool face = rule.modality == "face", voice = rule.modality == "voice";
      const bool there = face    ? config_.face.has_value()
                         : voice ? config_.voice.has_value()
                                 : config_.touch.has_value();
      if (!there) {
        if (rule.required) {
          fail("policy", absl::StrCat("it requires a ", rule.modality,
                                      ", and the configuration has no models for one"));
        }
        continue;
      }
      const bool detects = face && !config_.face->attack_detectors.empty();
      if (rule.pad == PadRule::kRequired && !detects) {
        fail("policy", absl::StrCat("it requires a detector of attacks on a ", rule.modality,
                                    ", and the configuration has none"));
      } else if (rule.pad == PadRule::kWherePossible && !detects) {
        warn("policy", absl::StrCat("no detector of attacks on a ", rule.modality,
                                    ": a photograph or a recording is not told from a person"));
      }
      if (!rule.challenge) continue;
      const bool digits = rule.challenge->kind == ChallengeKind::kDigits;
      if (digits && !(voice && config_.voice->digits)) {
        fail("policy", absl::StrCat("it asks for digits from a ", rule.modality,
                                    ", and nothing here recognises them"));
      } else if (!digits && !(face && config_.face->landmarks)) {
        fail("policy", absl::StrCat("it asks for actions from a ", rule.modality,
                                    ", and no model here finds a blink"));
      }
    }
  }

  // A sample of each that is named; else whether there is any.
  void look_at_sources() {
    const int64_t until_ms = around_.clock->now_ms() + kSampleMilliseconds;
    for (const std::string& place : sources_.cameras) {
      const absl::StatusOr<std::unique_ptr<Camera>> camera = open_camera(place, kDoorCamera);
      absl::Status status = camera.status();
      if (status.ok()) status = (*camera)->restart();
      if (status.ok()) {
        const absl::StatusOr<Frame> frame = (*camera)->next(until_ms);
        status = frame.status();
        if (status.ok()) {
          good("camera", absl::StrCat((*camera)->source(), ": ", frame->image.width, " x ",
                                      frame->image.height));
        }
      }
      if (!status.ok()) fail("camera", status);
    }
    if (sources_.cameras.empty() && config_.face) {
      const std::vector<CameraDevice> cameras = list_cameras();
      if (cameras.empty()) {
        warn("camera", "no /dev/video* is here");
      } else {
        good("camera", absl::StrCat(cameras.size(), " found, the first ", cameras[0].path, " ",
                                    cameras[0].name));
      }
    }
    for (const std::string& place : sources_.microphones) {
      const absl::StatusOr<std::unique_ptr<Microphone>> microphone = open_microphone(place);
      absl::Status status = microphone.status();
      if (status.ok()) status = (*microphone)->restart();
      if (status.ok()) status = (*microphone)->next(until_ms + kSampleMilliseconds).status();
      status.ok() ? good("microphone", (*microphone)->source() + " gives sound")
                  : fail("microphone", status);
    }
    if (sources_.microphones.empty() && config_.voice) {
      std::error_code error;
      if (fs::exists("/proc/asound/pcm", error)) {
        good("microphone", "the kernel has sound devices (/proc/asound/pcm)");
      } else {
        warn("microphone", "the kernel has no sound devices");
      }
    }
    if (!sources_.touch.empty()) {
      const absl::Status status = TouchLines::open(sources_.touch).status();
      status.ok() ? good("touch", sources_.touch + " opens") : fail("touch", status);
    }
  }

  void look_at_clocks() {
    const absl::StatusOr<BootTime> boot = around_.boot_clock->now();
    if (!boot.ok()) return fail("clock", boot.status());
    if (around_.clock->wall_ms() < kOldestWallMilliseconds) {
      return warn("clock",
                  "the clock is not set: templates get a wrong age, and records a wrong "
                  "time; locks do not depend on it");
    }
    good("clock", "set, and the kernel counts time that nobody can set");
  }

  void look_at_memory() {
    std::ifstream info("/proc/meminfo");
    std::string name;
    int64_t kib = 0;
    std::string unit;
    while (info >> name >> kib) {
      std::getline(info, unit);
      if (name != "MemAvailable:") continue;
      const std::string words = absl::StrCat(kib >> 10, " MiB are free");
      if ((kib << 10) < kLeastMemoryBytes) {
        warn("memory", absl::StrCat(words, ", fewer than ", kLeastMemoryBytes >> 20));
      } else {
        good("memory", words);
      }
      break;
    }
    rlimit locked{};
    if (::getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur != RLIM_INFINITY &&
        static_cast<int64_t>(locked.rlim_cur) < kLeastLockedBytes) {
      fail("memory", "too little of it may be locked for keys: raise the limit (ulimit -l)");
    }
  }

  const DoorConfig& config_;
  const DoorSources& sources_;
  const DoorSurroundings& around_;
  std::optional<Policy> policy_;
  std::optional<Secret> auth_key_;
  std::vector<Finding> findings_;
};

}  // namespace

std::string_view name_of(Health health) {
  switch (health) {
    case Health::kGood:
      return "good";
    case Health::kWarning:
      return "warning";
    case Health::kFailed:
      break;
  }
  return "failed";
}

std::vector<Finding> examine_door(const DoorConfig& config, const DoorSources& sources,
                                  const DoorSurroundings& around) {
  return Examination(config, sources, around).run();
}

Health health_of(const std::vector<Finding>& findings) {
  Health worst = Health::kGood;
  for (const Finding& finding : findings) worst = std::max(worst, finding.health);
  return worst;
}

}  // namespace durward
