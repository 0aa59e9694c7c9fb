// Mel power spectra, as librosa.feature.melspectrogram computes them (centred windows, zeros beyond
// the edges, power 2, Slaney's scale and bands of unit area): not logarithmic.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "data/voice_spec.h"

namespace durward {

// Slaney's mel scale (Auditory Toolbox, 1998): linear to 1 kHz, then logarithmic.
[[nodiscard]] double hz_to_mel(double hz);
[[nodiscard]] double mel_to_hz(double mel);

// One thread at a time may use it.
class MelSpectrum {
 public:
  // Errors: check_voice_spec's.
  [[nodiscard]] static absl::StatusOr<MelSpectrum> create(const VoiceSpec& spec);
  MelSpectrum(MelSpectrum&&) noexcept;
  MelSpectrum& operator=(MelSpectrum&&) noexcept;
  ~MelSpectrum();

  // How many spectra `samples` samples have: 1 + samples / hop.
  [[nodiscard]] int64_t frames(int64_t samples) const;

  // The spectrum around sample index * hop, index >= 0: the power in each of the spec's bands, in
  // ascending frequency. Samples before the first and after the last are zeros. `bands` has
  // spec.bands floats.
  void frame(std::span<const float> samples, int64_t index, std::span<float> bands);

 private:
  struct Transform;
  struct Band {
    size_t first_bin;
    std::vector<float> weights;
  };

  explicit MelSpectrum(const VoiceSpec& spec);

  int64_t hop_, fft_;
  std::vector<float> window_;  // fft_ values, zeros around the spec's window
  std::vector<Band> bands_;
  std::vector<float> windowed_, power_;
  std::unique_ptr<Transform> transform_;
};

}  // namespace durward
