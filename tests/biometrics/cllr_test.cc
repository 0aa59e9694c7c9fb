#include "biometrics/cllr.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace durward {
namespace {

ScoredTrials scores_of(const std::vector<float>& genuine, const std::vector<float>& impostors) {
  ScoredTrials scored;
  for (const float score : genuine) scored.genuine.push_back({score, 0});
  for (const float score : impostors) scored.impostors.push_back({score, 0, 1});
  scored.impostor_count = static_cast<int64_t>(impostors.size());
  scored.people = {0, 1};
  sort_scores(scored);
  return scored;
}

TEST(Cllr, IsOneForScoresThatSayNothingAndZeroForCertainty) {
  EXPECT_DOUBLE_EQ(cllr(std::vector<double>{0, 0}, std::vector<double>{0}), 1);
  EXPECT_NEAR(cllr(std::vector<double>{800}, std::vector<double>{-800}), 0, 1e-300);
  EXPECT_NEAR(cllr(std::vector<double>{-800}, std::vector<double>{-800}), 400 / std::log(2), 1e-9);
  EXPECT_TRUE(std::isnan(cllr({}, std::vector<double>{1})));
}

// From NumPy: mean log2(1 + exp(-llr)) of the genuine, mean log2(1 + exp(llr)) of the impostors.
TEST(Cllr, AgreesWithItsDefinition) {
  EXPECT_NEAR(cllr(std::vector<double>{3, 1, -.5}, std::vector<double>{-2, 0, 1.5, -4}),
              0.7792127733443717, 1e-14);
}

// From NumPy, the isotonic regression by its max-min formula (Robertson, Wright and Dykstra 1988)
// instead of pool adjacent violators.
TEST(MinCllr, AgreesWithTheMaxMinFormulaOfIsotonicRegression) {
  const std::vector<float> genuine = {.91F, .84F, .80F, .77F, .71F, .64F, .64F, .58F, .47F, .33F};
  const std::vector<float> impostors = {.72F, .64F,  .55F,  .51F,  .47F,  .41F, .40F,  .36F,
                                        .31F, .30F,  .28F,  .22F,  .20F,  .17F, .11F,  .08F,
                                        .05F, .02F,  -.03F, -.11F, -.12F, -.2F, -.21F, -.25F,
                                        -.3F, -.31F, -.35F, -.4F,  -.44F, -.5F};
  EXPECT_NEAR(min_cllr(scores_of(genuine, impostors)), 0.3380569816692097, 1e-12);
}

TEST(MinCllr, IsZeroForSeparatedAndOneForUselessScores) {
  EXPECT_EQ(min_cllr(scores_of({.8F, .9F}, {.1F, .2F, .3F})), 0);
  EXPECT_DOUBLE_EQ(min_cllr(scores_of({.5F}, {.5F, .5F})), 1);
  EXPECT_DOUBLE_EQ(min_cllr(scores_of({.1F, .2F}, {.8F, .9F, .9F})), 1);
}

TEST(MinCllr, IsNeverMoreThanTheCllrOfAnyIncreasingMap) {
  Random random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<float> genuine, impostors;
    for (int i = 0; i < 30; ++i) genuine.push_back(static_cast<float>(random.uniform() + 0.4));
    for (int i = 0; i < 70; ++i) impostors.push_back(static_cast<float>(random.uniform()));
    const double least = min_cllr(scores_of(genuine, impostors));
    for (const double slope : {0.5, 2.0, 6.0}) {
      for (const double offset : {-0.5, -0.7, -0.9}) {
        const auto llrs = [&](const std::vector<float>& scores) {
          std::vector<double> mapped;
          for (const float score : scores) {
            mapped.push_back(slope * (static_cast<double>(score) + offset));
          }
          return mapped;
        };
        EXPECT_LE(least, cllr(llrs(genuine), llrs(impostors)) + 1e-12);
      }
    }
  }
}

}  // namespace
}  // namespace durward
