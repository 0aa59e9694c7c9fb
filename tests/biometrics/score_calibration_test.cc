#include "biometrics/score_calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace durward {
namespace {

using ::testing::HasSubstr;

// Scores of two normal distributions of one deviation, whose LLR is linear in the score:
// (mean difference) / variance * (score - middle).
CalibrationScores normal_scores(uint32_t seed, int count, double genuine_mean) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.1);
  CalibrationScores scores;
  for (int i = 0; i < count; ++i) {
    scores.genuine.push_back(genuine_mean + noise(random));
    scores.impostor.push_back(noise(random));
  }
  return scores;
}

TEST(ScoreCalibration, FindsTheLogLikelihoodRatioOfKnownDistributions) {
  const auto fit =
      fit_score_calibration(normal_scores(1, 20'000, 0.4), normal_scores(2, 20'000, 0.4));
  ASSERT_TRUE(fit.ok()) << fit.status();
  // 0.4 / 0.1^2 = 40 for each unit of score, and nothing in the middle between the means. The ridge
  // pulls the weight down a little.
  EXPECT_NEAR(fit->calibration.llr.weights[0], 40, 4);
  const double middle = 0.2;
  EXPECT_NEAR(fit->calibration.llr.llr(std::span(&middle, 1)), 0, 0.15);
  EXPECT_NEAR(fit->cllr, fit->min_cllr, 0.01);
}

TEST(ScoreCalibration, IsJudgedOnTheOtherHalf) {
  // Genuine scores of the judged half are lower: the calibration is wrong for them, which Cllr
  // shows and minCllr does not.
  const auto same =
      fit_score_calibration(normal_scores(1, 2'000, 0.4), normal_scores(2, 2'000, 0.4));
  const auto other =
      fit_score_calibration(normal_scores(1, 2'000, 0.4), normal_scores(2, 2'000, 0.25));
  ASSERT_TRUE(same.ok() && other.ok());
  EXPECT_EQ(same->calibration, other->calibration);
  EXPECT_GT(other->cllr - other->min_cllr, 10 * (same->cllr - same->min_cllr));
}

TEST(ScoreCalibration, TooFewComparisonsFitNothing) {
  const CalibrationScores enough = normal_scores(1, 30, 0.4), few = normal_scores(1, 29, 0.4);
  EXPECT_TRUE(fit_score_calibration(enough, enough).ok());
  for (const auto& status :
       {fit_score_calibration(few, enough).status(), fit_score_calibration(enough, few).status()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr("29 genuine comparisons, fewer than 30"));
  }
}

TEST(ScoreCalibration, ScoresThatSpeakForTheWrongOneAreRefused) {
  EXPECT_TRUE(absl::IsFailedPrecondition(
      fit_score_calibration(normal_scores(1, 200, -0.4), normal_scores(2, 200, 0.4)).status()));
}

TEST(ScoreCalibration, AnUnusableOneIsToldByItsFault) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(check_score_calibration({{"cosine"}, {{3}, 1}}).ok());
  for (const auto& [calibration, error] : std::vector<std::pair<ScoreCalibration, std::string>>{
           {{{}, {{}, 0}}, "the first feature must be"},
           {{{"quality"}, {{1}, 0}}, "the first feature must be"},
           {{{"cosine", ""}, {{1, 1}, 0}}, "has no name"},
           {{{"cosine", "cosine"}, {{1, 1}, 0}}, "stands twice"},
           {{{"cosine"}, {{1, 2}, 0}}, "2 weights for 1 features"},
           {{{"cosine"}, {{nan}, 0}}, "not finite"},
           {{{"cosine"}, {{1}, nan}}, "not finite"},
           {{{"cosine"}, {{0}, 0}}, "must speak more"}}) {
    EXPECT_THAT(std::string(check_score_calibration(calibration).message()), HasSubstr(error));
  }
}

}  // namespace
}  // namespace durward
