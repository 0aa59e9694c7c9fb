// A voice as a factor: microphone -> voice activity -> quality -> speaker embedding -> LLR, and the
// digits that were asked for. Whatever can be computed while somebody speaks is.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audio/digit_recognizer.h"
#include "audio/voice_activity.h"
#include "auth/session_clock.h"
#include "auth/template_factor.h"
#include "biometrics/score_calibration.h"
#include "capture/microphone.h"
#include "data/voice_spec.h"
#include "runtimes/embedder.h"

namespace durward {

// A sample is so many frames of the voice activity detector. A microphone whose blocks are as long
// (MicrophoneOptions::block_samples) lets no sample wait for the rest of a block.
inline constexpr int kVoiceSampleFrames = 2;

// What is listened for, in seconds of speech and dB. Each has its reason; none was chosen by the
// error rates of anybody.
struct VoiceCaptureRules {
  // Less is not compared. Nothing: what the specification's least_filled asks of a partial, 1.2 s
  // for GE2E.
  std::optional<double> least_seconds = {};
  double enough_seconds = 3;     // without digits: from here GE2E is as good as on whole recordings
  double most_seconds = 12;      // then no more is waited for
  double end_seconds = .6;       // such a pause ends what is said: digits are .2 to .4 s apart
  double give_up_seconds = 2.5;  // such a pause ends it also where digits are missing
  double softest_dbfs = -45;     // softer is compared, but asked to be louder: raised by 15 dB to
                                 // -30, it would carry the microphone's own noise with it
  double least_snr_db = 0;       // below, nothing was calibrated (docs/voice.md)
  double noisy_snr_db = 5;       // below, the person is told
  double most_clipped = .01;     // of the samples; more is not used
};

// `microphone`, `detector` (the one that `spec` names), `embedder`, `templates` and `clock` are
// needed.
struct VoiceFactorParts {
  std::unique_ptr<Microphone> microphone = {};
  VoiceSpec spec = {};
  std::unique_ptr<VoiceActivityDetector> detector = {};
  std::optional<Embedder> embedder = {};
  std::unique_ptr<DigitRecognizer> digits = {};  // none: a challenge stays unanswered
  // Of "cosine", "log-seconds" (of the probe's speech) and "snr-db" (of the probe).
  ScoreCalibration calibration = {};
  TemplateModel model = {};
  std::string bundle_sha256 = {};
  // Versions of the model of this name whose templates may be compared with its embeddings.
  std::vector<std::string> compatible_versions = {};
  TemplatesOf templates = {};
  SessionClock* clock = nullptr;  // the microphone's; outlives the factor
  VoiceCaptureRules rules = {};
};

// A sample is some 60 ms of sound. Speech is a whole: samples are not usable before there is enough
// speech that is good enough, and the first one that is stands for all since begin(). What is
// silent in every bit, clipped, or was heard before in the same request is left out. Of several
// templates of a user the mean is compared.
//
// InvalidArgument where a part is missing or does not fit the others, or the calibration has a
// feature of another name.
[[nodiscard]] absl::StatusOr<std::unique_ptr<TemplateFactor>> create_voice_factor(
    VoiceFactorParts parts);

}  // namespace durward
