#include "audio/mel.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace durward {
namespace {

constexpr double kPi = std::numbers::pi;

// Slaney's scale as the Auditory Toolbox states it: 66.67 Hz a mel to 1 kHz, then 27 mels to 6.4
// kHz.
TEST(MelScale, HasItsPublishedPoints) {
  EXPECT_NEAR(hz_to_mel(0), 0, 1e-12);
  EXPECT_NEAR(hz_to_mel(200. / 3), 1, 1e-12);
  EXPECT_NEAR(hz_to_mel(1000), 15, 1e-12);
  EXPECT_NEAR(hz_to_mel(6400), 42, 1e-12);
  for (const double hz : {0., 1., 999., 1000., 1001., 8000.}) {
    EXPECT_NEAR(mel_to_hz(hz_to_mel(hz)), hz, 1e-9);
  }
}

std::vector<float> noise(size_t size) {
  std::vector<float> samples(size);
  uint32_t state = 7;
  for (float& sample : samples) {
    state = state * 1'664'525 + 1'013'904'223;
    sample = static_cast<float>(state >> 16) / 65'536.f - .5f;
  }
  return samples;
}

// A spectrum by its definition, in double: Fourier sums, and each band's triangle laid through its
// three frequencies.
std::vector<double> spectrum_by_definition(const std::vector<float>& samples, int64_t index,
                                           const VoiceSpec& spec) {
  std::vector<double> bands(static_cast<size_t>(spec.bands));
  const double lowest = hz_to_mel(spec.lowest_hz), highest = hz_to_mel(spec.highest_hz);
  for (int bin = 0; bin <= spec.fft / 2; ++bin) {
    std::complex<double> sum = 0;
    for (int i = 0; i < spec.window; ++i) {
      const int64_t at = index * spec.hop - spec.window / 2 + i;
      if (at < 0 || at >= static_cast<int64_t>(samples.size())) continue;
      const double window = std::pow(std::sin(kPi * i / spec.window), 2);
      sum += std::polar(samples[static_cast<size_t>(at)] * window, -2 * kPi * bin * i / spec.fft);
    }
    const double mel = hz_to_mel(1. * bin * spec.sample_rate / spec.fft);
    const double position = (mel - lowest) / (highest - lowest) * (spec.bands + 1);
    for (int band = 0; band < spec.bands; ++band) {
      if (position <= band || position >= band + 2) continue;
      const auto hz = [&](double edge) {
        return mel_to_hz(lowest + (highest - lowest) * edge / (spec.bands + 1));
      };
      const double here = mel_to_hz(mel), top = 2 / (hz(band + 2) - hz(band));
      const double share = position < band + 1
                               ? (here - hz(band)) / (hz(band + 1) - hz(band))
                               : (hz(band + 2) - here) / (hz(band + 2) - hz(band + 1));
      bands[static_cast<size_t>(band)] += std::norm(sum) * share * top;
    }
  }
  return bands;
}

void expect_equals_the_definition(const VoiceSpec& spec) {
  auto mel = MelSpectrum::create(spec);
  ASSERT_TRUE(mel.ok()) << mel.status();
  const std::vector<float> samples = noise(2'000);
  // The first is half before the recording, the last half after it; one lies wholly after.
  const int64_t last = mel->frames(static_cast<int64_t>(samples.size())) - 1;
  std::vector<float> bands(static_cast<size_t>(spec.bands));
  for (const int64_t index : {int64_t{0}, int64_t{1}, int64_t{5}, last, last + 10}) {
    mel->frame(samples, index, bands);
    const std::vector<double> expected = spectrum_by_definition(samples, index, spec);
    const double largest = *std::max_element(expected.begin(), expected.end());
    for (size_t band = 0; band < bands.size(); ++band) {
      EXPECT_NEAR(bands[band], expected[band], 1e-6 * largest + 1e-12)
          << "frame " << index << " band " << band;
    }
  }
}

TEST(MelSpectrum, EqualsItsDefinition) { expect_equals_the_definition({}); }

TEST(MelSpectrum, EqualsItsDefinitionWithAWindowShorterThanTheTransform) {
  expect_equals_the_definition({.voice_activity = VoiceActivity::kNone,
                                .window = 256,
                                .hop = 100,
                                .fft = 512,
                                .bands = 23,
                                .lowest_hz = 300,
                                .highest_hz = 3'400});
}

TEST(MelSpectrum, ATonesPowerLiesInTheBandsAroundItsPitch) {
  auto mel = MelSpectrum::create({});
  ASSERT_TRUE(mel.ok());
  std::vector<float> tone(16'000);
  for (size_t n = 0; n < tone.size(); ++n) {
    tone[n] = static_cast<float>(std::sin(2 * kPi * 2'000 * static_cast<double>(n) / 16'000));
  }
  std::vector<float> bands(40);
  mel->frame(tone, 50, bands);
  const auto top = std::max_element(bands.begin(), bands.end()) - bands.begin();
  // 40 bands' middles are spaced by mel(8 kHz) / 41.
  EXPECT_NEAR(static_cast<double>(top + 1) * hz_to_mel(8'000) / 41, hz_to_mel(2'000),
              hz_to_mel(8'000) / 41);
  EXPECT_LT(bands[5], 1e-6 * bands[static_cast<size_t>(top)]);
}

TEST(MelSpectrum, AnImpossibleSpecificationIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(MelSpectrum::create({.fft = 399}).status()));
}

}  // namespace
}  // namespace durward
