// A voice as it is heard: what VoiceFrontEnd makes of a whole recording, piece by piece, so that
// most of the work is done when somebody stops speaking.
//
// One thing differs from the whole recording: the level. A stream does not know what is still to
// come, nor should the silence before and after count, so that the speech that is kept is raised to
// the specification's level, by its own level.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "audio/mel.h"
#include "audio/voice_activity.h"
#include "audio/voice_quality.h"
#include "data/voice_spec.h"

namespace durward {

// One thread at a time.
class VoiceStream {
 public:
  // So much is heard in one recording at most.
  static constexpr int64_t kMostSeconds = 120;

  // InvalidArgument without a detector, and for another sample rate than 16,000; check_voice_spec's
  // errors.
  [[nodiscard]] static absl::StatusOr<VoiceStream> create(
      const VoiceSpec& spec, std::unique_ptr<VoiceActivityDetector> detector);

  // Forgets what was heard. Errors: the detector's.
  [[nodiscard]] absl::Status begin();
  // The next samples. ResourceExhausted beyond kMostSeconds; the detector's errors.
  [[nodiscard]] absl::Status push(std::span<const float> samples);
  // Nothing more comes until begin(). InvalidArgument where nobody spoke.
  [[nodiscard]] absl::Status finish();

  // Of what was heard so far. Whether a frame is kept is known seven frames later, so that its
  // seconds grow that much later too.
  [[nodiscard]] VoiceQuality quality() const;
  [[nodiscard]] double frame_seconds() const;
  // Of the recording: whether anybody spoke, and how long nobody has since.
  [[nodiscard]] bool heard_speech() const { return last_speech_ >= 0; }
  [[nodiscard]] double silent_seconds() const;
  [[nodiscard]] double kept_seconds() const;  // of speech that is known to be kept

  // The partials that are complete; after finish(), all that count. Partial `index` as a model
  // takes it, [partial_frames][bands], raised by gain().
  [[nodiscard]] int64_t partials() const { return partials_; }
  [[nodiscard]] std::vector<float> partial(int64_t index) const;
  // By how much the speech so far is raised, at least 1.
  [[nodiscard]] double gain() const;

  [[nodiscard]] const VoiceSpec& spec() const { return spec_; }

 private:
  VoiceStream(const VoiceSpec& spec, MelSpectrum mel,
              std::unique_ptr<VoiceActivityDetector> detector);
  void decide(size_t frames);
  void add_spectra(int64_t count);

  VoiceSpec spec_;
  MelSpectrum mel_;
  std::unique_ptr<VoiceActivityDetector> detector_;
  size_t frame_;                 // samples
  std::vector<float> heard_;     // of all frames, and the beginning of the next
  std::vector<double> powers_;   // of the frames
  std::vector<uint8_t> speech_;  // of the frames
  double heard_power_ = 0;       // sum of squares of the frames
  int64_t last_speech_ = -1;     // the last frame with speech
  size_t decided_ = 0;           // frames of which it is known whether they are kept
  std::vector<float> kept_;      // speech, not raised
  double kept_power_ = 0;        // sum of squares
  std::vector<float> spectra_;   // of the speech, not raised; [spectra_count_][bands]
  int64_t spectra_count_ = 0, partials_ = 0;
};

}  // namespace durward
