#include "biometrics/user_rates.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/random.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

struct Scored {
  std::vector<Trial> trials;
  std::vector<float> scores;
  void add(int32_t enrolled, int32_t probed, float score) {
    trials.push_back(
        {.genuine = enrolled == probed, .enrol_person = enrolled, .probe_person = probed});
    scores.push_back(score);
  }
};

// Two people who are told apart without an error, each at a threshold that is wrong for the other.
TEST(UserRates, OwnThresholdsTellWhatOneThresholdCannot) {
  Scored scored;
  for (const float step : {.00F, .01F, .02F, .03F}) {
    scored.add(1, 1, .9F + step);
    scored.add(1, 2, .7F + step);
    scored.add(2, 2, .5F + step);
    scored.add(2, 1, .3F + step);
  }
  const auto rates = user_rates(scored.trials, scored.scores, std::nullopt);
  ASSERT_TRUE(rates.ok()) << rates.status();
  EXPECT_EQ(rates->own_thresholds.rate, 0);
  EXPECT_EQ(rates->one_threshold.rate, .5);
  EXPECT_FALSE(rates->own_thresholds.interval.has_value());
}

// One of four genuine trials lies below one of four impostors for person 1, none for person 2.
TEST(UserRates, AreTheMeanOverPeopleWhateverTheirNumberOfTrials) {
  Scored scored;
  for (const float score : {.9F, .8F, .7F, .2F}) scored.add(1, 1, score);
  for (const float score : {.5F, .1F, .05F, .01F}) scored.add(1, 2, score);
  for (const float score : {.9F, .8F}) scored.add(2, 2, score);
  for (const float score : {.5F, .1F, .05F, .01F, .4F, .3F}) scored.add(2, 1, score);
  const auto rates = user_rates(scored.trials, scored.scores, std::nullopt);
  ASSERT_TRUE(rates.ok()) << rates.status();
  EXPECT_DOUBLE_EQ(rates->own_thresholds.rate, (.25 + 0) / 2);
}

// Scores of each person with an offset of his own, normal around 2 and 0: with own thresholds the
// EER is Phi(-1), with one it is larger. The interval holds the truth, and narrows with people.
TEST(UserRates, IntervalsHoldTheRateThatTheScoresWereMadeWith) {
  Random random(7);
  const auto normal = [&random] {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += random.uniform();
    return sum;
  };
  constexpr int32_t kPeople = 30;
  Scored scored;
  for (int32_t enrolled = 0; enrolled < kPeople; ++enrolled) {
    const double offset = 2 * normal();
    for (int i = 0; i < 60; ++i) {
      scored.add(enrolled, enrolled, static_cast<float>(offset + 2 + normal()));
      for (int k = 1; k < 4; ++k) {
        scored.add(enrolled,
                   (enrolled + k + i) % kPeople == enrolled ? (enrolled + 1) % kPeople
                                                            : (enrolled + k + i) % kPeople,
                   static_cast<float>(offset + normal()));
      }
    }
  }
  const auto rates =
      user_rates(scored.trials, scored.scores, BootstrapOptions{.replicates = 200, .threads = 2});
  ASSERT_TRUE(rates.ok()) << rates.status();
  const double truth = std::erfc(1 / std::sqrt(2.)) / 2;
  EXPECT_GT(rates->one_threshold.rate, truth + .05);
  ASSERT_TRUE(rates->own_thresholds.interval.has_value());
  EXPECT_LT(rates->own_thresholds.interval->lower, truth);
  EXPECT_GT(rates->own_thresholds.interval->upper, truth);
  EXPECT_LT(rates->own_thresholds.interval->upper - rates->own_thresholds.interval->lower, .06);
  const EqualErrors same[] = {rates->own_thresholds, rates->own_thresholds};
  const EqualErrors mean = mean_of(same);
  EXPECT_DOUBLE_EQ(mean.rate, rates->own_thresholds.rate);
  EXPECT_DOUBLE_EQ(mean.interval->lower, rates->own_thresholds.interval->lower);
}

TEST(UserRates, ArePossibleOnlyForPeopleWithBothKindsOfTrials) {
  Scored scored;
  scored.add(1, 1, .9F);
  scored.add(1, 2, .1F);
  scored.add(2, 2, .9F);
  EXPECT_THAT(
      std::string(user_rates(scored.trials, scored.scores, std::nullopt).status().message()),
      HasSubstr("person 2"));
}

}  // namespace
}  // namespace durward
