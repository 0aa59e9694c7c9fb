#include "auth/voice_factor.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

#include "audio/sound_mark.h"
#include "audio/speaker_stream.h"
#include "auth/enrolled_template.h"

namespace durward {
namespace {

// What the recogniser hears before somebody speaks.
constexpr size_t kBeforeSpeech = 4'800;

constexpr std::string_view kSecondsFeature = "log-seconds", kSnrFeature = "snr-db";

class VoiceFactor final : public TemplateFactor {
 public:
  VoiceFactor(VoiceFactorParts parts, SpeakerStream stream, size_t sample_size)
      : parts_(std::move(parts)),
        stream_(std::move(stream)),
        sample_size_(sample_size),
        least_seconds_(parts_.rules.least_seconds.value_or(
            parts_.spec.least_filled * parts_.spec.partial_frames * parts_.spec.hop /
            parts_.spec.sample_rate)) {}

  std::string_view modality() const override { return "voice"; }
  const TemplateModel& model() const override { return parts_.model; }
  void stop() override { parts_.microphone->stop(); }

  absl::Status begin(std::string_view user, const Challenge* challenge) override {
    challenge_ = challenge;
    waiting_.clear();
    marks_.begin();
    known_.clear();
    before_.clear();
    heard_.clear();
    digits_.clear();
    digit_samples_ = 0;
    enough_ = false;
    enrolled_ = {};
    if (!user.empty()) {
      DURWARD_ASSIGN_OR_RETURN(
          enrolled_, enrolled_template(parts_.templates, user, parts_.model,
                                       parts_.compatible_versions, parts_.clock->wall_ms()));
    }
    DURWARD_RETURN_IF_ERROR(stream_.begin());
    if (listens()) DURWARD_RETURN_IF_ERROR(parts_.digits->begin());
    DURWARD_RETURN_IF_ERROR(parts_.microphone->restart());
    began_ms_ = parts_.clock->now_ms();
    return absl::OkStatus();
  }

  absl::StatusOr<CapturedSample> capture(int64_t until_ms) override {
    while (waiting_.size() < sample_size_) {
      DURWARD_ASSIGN_OR_RETURN(SoundBlock block, parts_.microphone->next(until_ms));
      waiting_.insert(waiting_.end(), block.samples.begin(), block.samples.end());
      block_ms_ = block.taken_ms;
    }
    const std::vector<float> samples(waiting_.begin(),
                                     waiting_.begin() + static_cast<std::ptrdiff_t>(sample_size_));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(sample_size_));
    last_ms_ =
        std::max(last_ms_ + 1, block_ms_ - std::ssize(waiting_) * 1000 / parts_.spec.sample_rate);
    CapturedSample sample;
    sample.mark = {.source = parts_.microphone->source(),
                   .taken_ms = last_ms_,
                   .digest = marks_.next(samples)};
    DURWARD_RETURN_IF_ERROR(listen(samples, sample));
    return sample;
  }

  // Speech that is usable is in the stream already.
  void keep() override { enough_ = true; }

  bool complete() const override {
    if (!enough_) return false;
    const VoiceCaptureRules& rules = parts_.rules;
    const double silent = stream_.voice().silent_seconds();
    const double seconds = stream_.voice().kept_seconds();
    if (seconds >= rules.most_seconds) return true;
    if (!asked_for_digits()) return seconds >= rules.enough_seconds && silent >= rules.end_seconds;
    return silent >=
           (digits_.size() >= challenge_->steps.size() ? rules.end_seconds : rules.give_up_seconds);
  }

  ChallengeResponse response() const override {
    ChallengeResponse response;
    if (challenge_ == nullptr) return response;
    response.nonce = challenge_->nonce;
    for (const HeardDigit& digit : digits_) {
      response.steps.push_back({absl::StrCat(digit.digit), time_of(digit.end)});
    }
    return response;
  }

  // The last partial, which takes longer than all that is left.
  void prepare() override {
    if (enough_) (void)stream_.embedding().ok();
  }

  // No detector of replayed or synthetic speech is here: digits are the protection.
  absl::StatusOr<std::optional<double>> liveness() override { return std::optional<double>(); }

  absl::StatusOr<std::vector<float>> embedding() override {
    if (!enough_) {
      return absl::FailedPreconditionError("too little was said, or nothing well enough");
    }
    return stream_.embedding();
  }

  absl::StatusOr<FactorComparison> compare() override {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<float> probe, embedding());
    const VoiceQuality quality = stream_.voice().quality();
    FactorComparison comparison{.template_age_days = enrolled_.age_days,
                                .template_match = enrolled_.match,
                                .bundle_sha256 = parts_.bundle_sha256};
    comparison.qualities = {{"seconds", quality.seconds},
                            {"snr-db", quality.snr_db},
                            {"level-dbfs", quality.level_dbfs},
                            {"overruns", static_cast<double>(parts_.microphone->overruns())}};
    if (enrolled_.match == TemplateMatch::kOtherModel)
      return comparison;  // there is nothing to compare
    DURWARD_ASSIGN_OR_RETURN(comparison.score, compare_with(enrolled_, probe));
    std::vector<double> features;
    for (const std::string& name : parts_.calibration.features) {
      features.push_back(name == kScoreFeature     ? comparison.score
                         : name == kSecondsFeature ? std::log(quality.seconds)
                                                   : quality.snr_db);
    }
    comparison.llr = parts_.calibration.llr.llr(features);
    return comparison;
  }

 private:
  bool asked_for_digits() const {
    return challenge_ != nullptr && challenge_->spec.kind == ChallengeKind::kDigits;
  }
  bool listens() const { return asked_for_digits() && parts_.digits != nullptr; }

  // Takes a sample into the stream where it is fit for it, and says how it is.
  absl::Status listen(std::span<const float> samples, CapturedSample& sample) {
    const bool early = sample.mark.taken_ms < began_ms_;
    const bool again = !sample.mark.digest.empty() && !known_.insert(sample.mark.digest).second;
    if (early || again) return absl::OkStatus();
    if (is_digital_silence(samples)) {
      // Silence after speech ends it, wherever it comes from.
      if (stream_.voice().heard_speech()) {
        DURWARD_RETURN_IF_ERROR(take(samples, sample.mark.taken_ms));
        sample.usable = is_usable();
      } else {
        sample.guidance = "no sound: is the microphone muted?";
      }
      return absl::OkStatus();
    }
    if (clipped_share(samples) > parts_.rules.most_clipped) {
      sample.guidance = "too loud: speak softer, or further away";
      return absl::OkStatus();
    }
    DURWARD_RETURN_IF_ERROR(take(samples, sample.mark.taken_ms));
    sample.usable = is_usable();
    sample.guidance = guidance();
    return absl::OkStatus();
  }

  absl::Status take(std::span<const float> samples, int64_t taken_ms) {
    DURWARD_RETURN_IF_ERROR(stream_.push(samples));
    if (!listens()) return absl::OkStatus();
    before_.insert(before_.end(), samples.begin(), samples.end());
    if (!stream_.voice().heard_speech()) {
      if (before_.size() > kBeforeSpeech) {
        before_.erase(before_.begin(), before_.end() - static_cast<std::ptrdiff_t>(kBeforeSpeech));
      }
      return absl::OkStatus();
    }
    DURWARD_RETURN_IF_ERROR(parts_.digits->push(before_));
    digit_samples_ += std::ssize(before_);
    before_.clear();
    heard_.push_back({digit_samples_, taken_ms});
    DURWARD_ASSIGN_OR_RETURN(digits_, parts_.digits->heard());
    return absl::OkStatus();
  }

  bool is_usable() const {
    return stream_.voice().kept_seconds() >= least_seconds_ &&
           stream_.voice().quality().snr_db >= parts_.rules.least_snr_db;
  }

  std::string guidance() const {
    const VoiceStream& voice = stream_.voice();
    if (!voice.heard_speech()) return "speak now";
    const VoiceQuality quality = voice.quality();
    if (quality.seconds >= least_seconds_ / 2) {
      if (quality.snr_db < parts_.rules.noisy_snr_db) return "too noisy here: come closer";
      if (quality.level_dbfs < parts_.rules.softest_dbfs) return "speak up";
    }
    const double wanted = asked_for_digits() ? least_seconds_ : parts_.rules.enough_seconds;
    const bool few_digits = asked_for_digits() && digits_.size() < challenge_->steps.size();
    const bool paused = voice.silent_seconds() >= parts_.rules.end_seconds;
    if (paused && (quality.seconds < wanted || few_digits)) return "say more";
    return {};
  }

  // When a sample that the recogniser heard was taken.
  int64_t time_of(int64_t sample) const {
    const auto after = std::find_if(heard_.begin(), heard_.end(),
                                    [&](const HeardSamples& heard) { return heard.end >= sample; });
    if (after == heard_.end()) return last_ms_;
    return after->taken_ms - (after->end - sample) * 1000 / parts_.spec.sample_rate;
  }

  struct HeardSamples {
    int64_t end;       // samples since begin()
    int64_t taken_ms;  // of the last of them
  };

  VoiceFactorParts parts_;
  SpeakerStream stream_;
  const size_t sample_size_;
  const double least_seconds_;

  const Challenge* challenge_ = nullptr;
  int64_t began_ms_ = 0, block_ms_ = 0, last_ms_ = 0;
  std::vector<float> waiting_;  // less than a sample
  SoundMarks marks_;
  std::unordered_set<std::string> known_;  // digests of this request
  bool enough_ = false;

  std::vector<float> before_;  // what the recogniser has not heard yet
  std::vector<HeardSamples> heard_;
  std::vector<HeardDigit> digits_;
  int64_t digit_samples_ = 0;

  EnrolledTemplate enrolled_;
};

absl::Status check_calibrated_features(const ScoreCalibration& calibration) {
  DURWARD_RETURN_IF_ERROR(check_score_calibration(calibration));
  for (const std::string& name : calibration.features) {
    if (name != kScoreFeature && name != kSecondsFeature && name != kSnrFeature) {
      return absl::InvalidArgumentError(
          absl::StrCat("the calibration has the feature \"", name, "\"; of a voice there are \"",
                       std::string(kScoreFeature), "\", \"", std::string(kSecondsFeature),
                       "\" and \"", std::string(kSnrFeature), "\""));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TemplateFactor>> create_voice_factor(VoiceFactorParts parts) {
  if (parts.microphone == nullptr || parts.detector == nullptr || !parts.embedder ||
      parts.clock == nullptr || !parts.templates) {
    return absl::InvalidArgumentError(
        "a voice needs a microphone, a voice activity detector, a speaker model, templates and a "
        "clock");
  }
  if (parts.model.modality != "voice") {
    return absl::InvalidArgumentError(
        absl::StrCat("the model's modality is \"", parts.model.modality, "\", expected \"voice\""));
  }
  DURWARD_RETURN_IF_ERROR(check_calibrated_features(parts.calibration));
  const size_t sample_size =
      static_cast<size_t>(kVoiceSampleFrames * parts.detector->frame_samples());
  DURWARD_ASSIGN_OR_RETURN(VoiceStream voice,
                           VoiceStream::create(parts.spec, std::move(parts.detector)));
  SpeakerStream stream(std::move(voice), *std::move(parts.embedder));
  return std::make_unique<VoiceFactor>(std::move(parts), std::move(stream), sample_size);
}

}  // namespace durward
