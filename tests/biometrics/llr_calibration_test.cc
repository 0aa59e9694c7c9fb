#include "biometrics/llr_calibration.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "biometrics/cllr.h"
#include "biometrics/synthetic.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

std::vector<double> normal(double mean, double deviation, int count, uint64_t seed) {
  Gaussian gaussian(seed);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(mean + deviation * gaussian.next());
  return values;
}

std::vector<double> llrs(const LlrCalibration& calibration, const std::vector<double>& scores) {
  std::vector<double> values;
  for (const double score : scores) values.push_back(calibration.llr(std::span(&score, 1)));
  return values;
}

// Of two normal distributions of one deviation s the LLR is (a - b) / s^2 (x - (a + b) / 2).
TEST(LlrCalibration, OfNormalScoresIsTheClosedForm) {
  const std::vector<double> genuine = normal(0.6, 0.1, 200000, 1);
  const std::vector<double> impostor = normal(0.4, 0.1, 200000, 2);
  const LlrCalibration calibration = fit_llr(genuine, impostor, 1, {.ridge = 1e-9}).value();
  EXPECT_NEAR(calibration.weights[0], 20, 0.2);
  EXPECT_NEAR(-calibration.offset / calibration.weights[0], 0.5, 2e-3);
}

// The prior is where it is fitted best, not part of what it gives; nor are the sets' sizes.
TEST(LlrCalibration, DoesNotDependOnHowManyOfEachThereAre) {
  const std::vector<double> genuine = normal(0.6, 0.1, 2000, 1);
  const std::vector<double> impostor = normal(0.4, 0.1, 100000, 2);
  for (const double prior : {0.1, 0.5, 0.9}) {
    const LlrCalibration calibration = fit_llr(genuine, impostor, 1, {.prior = prior}).value();
    EXPECT_NEAR(calibration.weights[0], 20, 1.5) << prior;
    EXPECT_NEAR(-calibration.offset / calibration.weights[0], 0.5, 0.02) << prior;
  }
}

TEST(LlrCalibration, CostsHardlyMoreThanTheBestIncreasingMap) {
  const std::vector<double> genuine = normal(0.6, 0.1, 20000, 3);
  const std::vector<double> impostor = normal(0.4, 0.1, 20000, 4);
  const LlrCalibration calibration = fit_llr(genuine, impostor, 1).value();
  ScoredTrials scored;
  for (const double score : genuine) scored.genuine.push_back({static_cast<float>(score), 0});
  for (const double score : impostor) scored.impostors.push_back({static_cast<float>(score), 0, 1});
  scored.impostor_count = static_cast<int64_t>(impostor.size());
  sort_scores(scored);
  const double best = min_cllr(scored);
  const double cost = cllr(llrs(calibration, genuine), llrs(calibration, impostor));
  EXPECT_GE(cost, best);
  EXPECT_LE(cost, best + 0.01);
}

// Genuine scores fall with the noise: one threshold cannot serve, a second feature can.
TEST(LlrCalibration, LearnsWhatAQualityMeans) {
  Gaussian gaussian(5);
  std::vector<double> genuine, impostor, genuine_scores, impostor_scores;
  for (int i = 0; i < 20000; ++i) {
    const double noise = 0.1 * (i % 4);
    genuine.insert(genuine.end(), {0.8 - noise + 0.05 * gaussian.next(), noise});
    impostor.insert(impostor.end(), {0.6 - noise + 0.05 * gaussian.next(), noise});
    genuine_scores.push_back(genuine[genuine.size() - 2]);
    impostor_scores.push_back(impostor[impostor.size() - 2]);
  }
  const LlrCalibration with = fit_llr(genuine, impostor, 2).value();
  const LlrCalibration without = fit_llr(genuine_scores, impostor_scores, 1).value();
  const auto cost = [](const LlrCalibration& calibration, const std::vector<double>& g,
                       const std::vector<double>& i) {
    const auto all = [&](const std::vector<double>& set) {
      std::vector<double> values;
      const size_t features = calibration.weights.size();
      for (size_t at = 0; at < set.size(); at += features) {
        values.push_back(calibration.llr(std::span(set).subspan(at, features)));
      }
      return values;
    };
    return cllr(all(g), all(i));
  };
  EXPECT_LT(cost(with, genuine, impostor), 0.5 * cost(without, genuine_scores, impostor_scores));
  EXPECT_NEAR(with.weights[1] / with.weights[0], 1, 0.05);
}

TEST(LlrCalibration, SeparatedScoresHaveFiniteRatiosOfTheRightSign) {
  const std::vector<double> genuine = {0.8, 0.9}, impostor = {0.1, 0.2};
  const LlrCalibration calibration = fit_llr(genuine, impostor, 1).value();
  EXPECT_TRUE(std::isfinite(calibration.weights[0]) && std::isfinite(calibration.offset));
  EXPECT_GT(llrs(calibration, genuine)[0], 1);
  EXPECT_LT(llrs(calibration, impostor)[1], -1);
}

TEST(LlrCalibration, AFeatureThatNeverChangesHasNoWeight) {
  const std::vector<double> genuine = {0.8, 7, 0.6, 7, 0.3, 7}, impostor = {0.1, 7, 0.5, 7};
  EXPECT_NEAR(fit_llr(genuine, impostor, 2)->weights[1], 0, 1e-9);
}

TEST(LlrCalibration, WhatCannotBeFittedIsRefused) {
  const std::vector<double> some = {0.5, 0.6}, none;
  const std::vector<double> nan = {std::numeric_limits<double>::quiet_NaN(), 1};
  EXPECT_TRUE(absl::IsInvalidArgument(fit_llr(none, some, 1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(fit_llr(some, none, 1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(fit_llr(some, some, 3).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(fit_llr(some, some, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(fit_llr(some, some, 1, {.prior = 1}).status()));
  EXPECT_THAT(std::string(fit_llr(some, nan, 1).status().message()), HasSubstr("impostor"));
}

}  // namespace
}  // namespace durward
