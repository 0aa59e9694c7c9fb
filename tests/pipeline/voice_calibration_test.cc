#include "pipeline/voice_calibration.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/random.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

double normal(Random& random) {
  return std::sqrt(-2 * std::log(1 - random.uniform())) *
         std::cos(2 * 3.14159265358979 * random.uniform());
}

// Scores are normal, with the deviation s; those of one person lie `apart` above those of two,
// whose mean depends on how long and how noisy the probe was. Then the LLR is
//   apart / s^2 * (score - mean(seconds, snr) - apart / 2).
constexpr double kDeviation = .08, kApart = .3, kPerLogSecond = .12, kPerDb = .008;

std::vector<VoiceComparison> comparisons(uint64_t seed) {
  Random random(seed);
  std::vector<VoiceComparison> all;
  int condition = 0;
  for (const double seconds : {1., 2., 3., 8.}) {
    for (const double snr_db : {0., 10., 30.}) {
      for (int i = 0; i < 4'000; ++i) {
        VoiceComparison one{.seconds = seconds * (.9 + .2 * random.uniform()),
                            .snr_db = snr_db + 2 * normal(random),
                            .condition = condition,
                            .enrolled = 0,
                            .probed = i % 4 == 0 ? 0 : 1};
        one.score = .3 + kPerLogSecond * std::log(one.seconds) + kPerDb * one.snr_db +
                    (one.genuine() ? kApart : 0) + kDeviation * normal(random);
        all.push_back(one);
      }
      ++condition;
    }
  }
  return all;
}

TEST(VoiceCalibration, FindsWhatLengthAndNoiseDoToAScore) {
  const auto calibration = fit_voice_calibration(comparisons(1), voice_calibration_features());
  ASSERT_TRUE(calibration.ok()) << calibration.status();
  const double slope = kApart / (kDeviation * kDeviation);
  EXPECT_NEAR(calibration->llr.weights[0] / slope, 1, .1);
  EXPECT_NEAR(calibration->llr.weights[1] / calibration->llr.weights[0] / -kPerLogSecond, 1, .1);
  EXPECT_NEAR(calibration->llr.weights[2] / calibration->llr.weights[0] / -kPerDb, 1, .1);
}

// Markov: of impostors no more than exp(-t) are above t. With the score alone many more are in the
// condition where scores are highest.
TEST(VoiceCalibration, KeepsItsPromiseInEachCondition) {
  const std::vector<VoiceComparison> judged = comparisons(2);
  const double t = std::log(20);
  const auto worst = [&](const std::vector<std::string>& features) {
    const auto calibration = fit_voice_calibration(comparisons(1), features);
    EXPECT_TRUE(calibration.ok()) << calibration.status();
    double most = 0;
    for (const auto& one : judge_voice_calibration(judged, 12, *calibration, std::vector{t})) {
      EXPECT_EQ(one.genuine, 1'000);
      EXPECT_EQ(one.impostors, 3'000);
      most = std::max(most, one.false_accept_rates[0]);
    }
    return most;
  };
  EXPECT_LT(worst(voice_calibration_features()), std::exp(-t));
  EXPECT_GT(worst({"cosine"}), 4 * worst(voice_calibration_features()));
}

TEST(VoiceCalibration, IsAsGoodAsTheScoresAre) {
  const auto calibration = fit_voice_calibration(comparisons(1), voice_calibration_features());
  ASSERT_TRUE(calibration.ok());
  for (const auto& one :
       judge_voice_calibration(comparisons(2), 12, *calibration, std::vector{0.})) {
    EXPECT_LT(one.cllr, one.min_cllr + .05);
    // Two normals apart by d deviations err in Phi(-d / 2).
    EXPECT_NEAR(one.equal_error_rate, .5 * std::erfc(kApart / kDeviation / 2 / std::sqrt(2.)), .01);
  }
}

TEST(VoiceCalibration, WhatCannotBeFittedIsRefused) {
  EXPECT_THAT(
      std::string(fit_voice_calibration(comparisons(1), {"cosine", "pitch"}).status().message()),
      HasSubstr("pitch"));
  std::vector<VoiceComparison> impostors = comparisons(1);
  std::erase_if(impostors, [](const VoiceComparison& one) { return one.genuine(); });
  EXPECT_TRUE(absl::IsFailedPrecondition(
      fit_voice_calibration(impostors, voice_calibration_features()).status()));
}

TEST(CompareVoices, EnrolsWholeCleanRecordingsAndLeavesOutTheSame) {
  // Two people with two recordings each, under two conditions.
  std::vector<HeardVoice> voices;
  for (int32_t recording = 0; recording < 4; ++recording) {
    for (int condition = 0; condition < 2; ++condition) {
      voices.push_back({.embedding = {recording < 2 ? 1.f : 0.f, recording < 2 ? 0.f : 1.f},
                        .seconds = 1. + condition,
                        .condition = condition,
                        .person = recording / 2,
                        .recording = recording});
    }
  }
  const auto all = compare_voices(voices, [](int32_t) { return true; });
  EXPECT_EQ(all.size(), 4u * 3 * 2);
  for (const VoiceComparison& one : all) {
    EXPECT_EQ(one.score, one.genuine() ? 1 : 0);
    EXPECT_EQ(one.seconds, 1 + one.condition);
  }
  EXPECT_EQ(compare_voices(voices, [](int32_t person) { return person == 1; }).size(), 4u);
}

}  // namespace
}  // namespace durward
