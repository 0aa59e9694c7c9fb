#include "audio/level.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace durward {
namespace {

std::vector<float> sine(double amplitude) {
  std::vector<float> samples(1600);
  for (size_t n = 0; n < samples.size(); ++n) {
    samples[n] = static_cast<float>(amplitude *
                                    std::sin(2 * std::numbers::pi * static_cast<double>(n) / 16));
  }
  return samples;
}

// The RMS of a sine is its amplitude over the root of 2.
TEST(Level, AFullScaleSineIsThreeDecibelsBelowFullScale) {
  EXPECT_NEAR(level_dbfs(sine(1)), -10 * std::log10(2), 1e-5);
  EXPECT_NEAR(level_dbfs(sine(.01)), -40 - 10 * std::log10(2), 1e-5);
  EXPECT_NEAR(mean_power(sine(1)), .5, 1e-6);
}

TEST(Level, ASoftRecordingIsRaisedAndALoudOneIsLeft) {
  std::vector<float> soft = sine(.01);
  raise_level(soft, -30);
  EXPECT_NEAR(level_dbfs(soft), -30, 1e-4);
  EXPECT_NEAR(soft[4], std::sqrt(2) * std::pow(10, -1.5), 1e-6) << "its shape stays";
  std::vector<float> loud = sine(.5);
  raise_level(loud, -30);
  EXPECT_EQ(loud, sine(.5));
}

TEST(Level, SilenceStaysSilence) {
  std::vector<float> silence(100);
  raise_level(silence, -30);
  EXPECT_EQ(silence, std::vector<float>(100));
  EXPECT_EQ(mean_power({}), 0);
}

}  // namespace
}  // namespace durward
