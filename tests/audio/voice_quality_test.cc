#include "audio/voice_quality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "support/sound_files.h"

namespace durward {
namespace {

// 20 frames of noise, 30 of speech and noise, 20 of noise; 30 ms each.
struct Frames {
  Frames(double noise, double speech) {
    for (int i = 0; i < 70; ++i) {
      const bool speaks = i >= 20 && i < 50;
      flags.push_back(speaks ? 1 : 0);
      powers.push_back(noise + (speaks ? speech : 0));
    }
  }
  std::vector<double> powers;
  std::vector<uint8_t> flags;
};

TEST(VoiceQuality, TellsSecondsLevelAndSignalToNoise) {
  for (const double snr_db : {0., 10., 30.}) {
    const Frames frames(1e-3 * std::pow(10, -snr_db / 10), 1e-3);
    const VoiceQuality quality = voice_quality(frames.powers, frames.flags, .03);
    // Frames that are kept besides the speech, at most 7 of 37, hold noise alone: .9 dB.
    EXPECT_NEAR(quality.seconds, 30 * .03, 7 * .03);
    EXPECT_NEAR(quality.snr_db, snr_db, 1.) << snr_db;
    EXPECT_NEAR(quality.level_dbfs, -30 + 10 * std::log10(1 + std::pow(10, -snr_db / 10)), 1.);
  }
}

TEST(VoiceQuality, WithoutPausesTheSoftestFramesAreTheNoise) {
  std::vector<double> powers(100, 1e-2);
  for (size_t i = 0; i < powers.size(); i += 8) powers[i] = 1e-4;
  const VoiceQuality quality = voice_quality(powers, std::vector<uint8_t>(100, 1), .03);
  EXPECT_NEAR(quality.snr_db, 20, .7);
  EXPECT_NEAR(quality.seconds, 3, 1e-9);
}

TEST(VoiceQuality, StaysWithinItsRange) {
  const Frames silent(0, 1e-3), nothing(1e-3, 0);
  EXPECT_EQ(voice_quality(silent.powers, silent.flags, .03).snr_db, kHighestSnrDb);
  EXPECT_EQ(voice_quality(nothing.powers, nothing.flags, .03).snr_db, kLowestSnrDb);
  const VoiceQuality none = voice_quality({}, {}, .03);
  EXPECT_EQ(none.seconds, 0);
  EXPECT_EQ(none.snr_db, kLowestSnrDb);
  EXPECT_EQ(none.level_dbfs, -INFINITY);
}

std::vector<float> sine(double amplitude) {
  std::vector<float> samples;
  for (int n = 0; n < 1'600; ++n) {
    const double value = amplitude * std::sin(2 * std::numbers::pi * n / 80);
    samples.push_back(static_cast<float>(std::clamp(value, -1., 32'767. / 32'768)));
  }
  return samples;
}

// A sine of amplitude a is beyond full scale for 1 - 2/pi asin(1/a) of its time.
TEST(ClippedShare, IsTheTimeThatAWaveIsBeyondFullScale) {
  EXPECT_EQ(clipped_share(sine(.99)), 0);
  for (const double amplitude : {1.2, 2., 10.}) {
    EXPECT_NEAR(clipped_share(sine(amplitude)), 1 - 2 / std::numbers::pi * std::asin(1 / amplitude),
                .05);
  }
  std::vector<float> peaks(100);
  peaks[3] = peaks[50] = peaks[51] = 1;  // no run of three
  EXPECT_EQ(clipped_share(peaks), 0);
  EXPECT_EQ(clipped_share({}), 0);
}

TEST(DigitalSilence, IsNoSampleThatDiffers) {
  EXPECT_TRUE(is_digital_silence(std::vector<float>(100)));
  EXPECT_TRUE(is_digital_silence(std::vector<float>(100, .25f)));
  EXPECT_FALSE(is_digital_silence(white_noise(100, 1e-4f, 1)));
}

}  // namespace
}  // namespace durward
