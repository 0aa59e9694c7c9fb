#include "biometrics/fixed_threshold.h"

#include <gmock/gmock.h>

#include "biometrics/all_pairs.h"
#include "biometrics/evaluation.h"
#include "biometrics/synthetic.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr int kDims = 8;

ScoredTrials scores(int people, int images, uint64_t seed) {
  const SyntheticPeople set = synthetic_people(people, images, kDims, 1.0, seed);
  const Embeddings a = embed(set, kDims);
  return score_all_pairs(a, a, set.person).value();
}

TEST(FixedThreshold, AtTheChosenThresholdsAreTheRatesTheyWereChosenFor) {
  const ScoredTrials scored = scores(30, 4, 7);
  const Evaluation evaluation = evaluate(scored, {.fars = {0.1, 0.01}}).value();
  std::vector<double> thresholds;
  for (const OperatingPoint& point : evaluation.operating_points) {
    thresholds.push_back(point.threshold);
  }
  const FixedThresholdEvaluation fixed = evaluate_at(scored, thresholds, {}).value();
  ASSERT_EQ(fixed.rates.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(fixed.rates[i].far, evaluation.operating_points[i].far);
    EXPECT_EQ(fixed.rates[i].tar, evaluation.operating_points[i].tar);
    EXPECT_EQ(fixed.rates[i].false_accepts, evaluation.operating_points[i].false_accepts);
    EXPECT_EQ(fixed.rates[i].false_rejects, evaluation.operating_points[i].false_rejects);
    EXPECT_LT(fixed.rates[i].far_bounds->lower, fixed.rates[i].far);
    EXPECT_GT(fixed.rates[i].far_bounds->upper, fixed.rates[i].far);
  }
}

// What the bounds promise: on samples of one population the upper one lies below the population's
// rate in at most one in twenty, the lower one above it as seldom.
TEST(FixedThreshold, BoundsHoldTheRatesOfThePopulation) {
  constexpr double kThreshold = 0.7;
  const FixedThresholdRates truth =
      evaluate_at(scores(2000, 3, 1), std::vector<double>{kThreshold}, {.replicates = 100})
          .value()
          .rates[0];
  ASSERT_GT(truth.far, 0.005);
  ASSERT_LT(truth.far, 0.1);
  constexpr int kSamples = 200;
  int far_above = 0, far_below = 0, tar_above = 0, tar_below = 0;
  for (int sample = 0; sample < kSamples; ++sample) {
    const auto rates = evaluate_at(scores(40, 3, 100 + static_cast<uint64_t>(sample)),
                                   std::vector<double>{kThreshold}, {.replicates = 200})
                           .value()
                           .rates[0];
    far_above += truth.far > rates.far_bounds->upper;
    far_below += truth.far < rates.far_bounds->lower;
    tar_above += truth.tar > rates.tar_bounds->upper;
    tar_below += truth.tar < rates.tar_bounds->lower;
  }
  // 200 samples at 5 %: more than 19 in one of forty runs.
  for (const int misses : {far_above, far_below, tar_above, tar_below}) EXPECT_LE(misses, 19);
}

TEST(FixedThreshold, WithTooFewPeopleThereAreNoBounds) {
  const FixedThresholdEvaluation fixed =
      evaluate_at(scores(9, 4, 3), std::vector<double>{0.5}, {}).value();
  EXPECT_THAT(fixed.no_bounds_because, HasSubstr("at least 10 people"));
  EXPECT_FALSE(fixed.rates[0].far_bounds || fixed.rates[0].tar_bounds);
}

TEST(FixedThreshold, BelowTheScoresThatWereKeptThereIsNoBoundOfTheFar) {
  const SyntheticPeople set = synthetic_people(30, 4, kDims, 1.0, 7);
  const Embeddings a = embed(set, kDims);
  const ScoredTrials scored = score_all_pairs(a, a, set.person, {.keep_impostors = 100}).value();
  ASSERT_FALSE(scored.lower_impostors.empty());
  const FixedThresholdEvaluation fixed = evaluate_at(scored, std::vector<double>{-0.5}, {}).value();
  EXPECT_FALSE(fixed.rates[0].far_bounds);
  EXPECT_TRUE(fixed.rates[0].tar_bounds);
}

TEST(FixedThreshold, WithoutImpostorsIsRefused) {
  ScoredTrials scored = scores(12, 4, 3);
  scored.impostors.clear();
  scored.lower_impostors.clear();
  scored.impostor_count = 0;
  EXPECT_THAT(std::string(evaluate_at(scored, std::vector<double>{0.5}, {}).status().message()),
              HasSubstr("0 impostor trials"));
}

}  // namespace
}  // namespace durward
