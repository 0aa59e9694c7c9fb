#include "biometrics/paired_errors.h"

#include <gmock/gmock.h>

namespace durward {
namespace {

// Bounds by bisection of the binomial distribution's sums, and McNemar's by adding them up.
TEST(PairedErrors, BoundsAndTestAreExact) {
  const PairedErrors errors = paired_errors(500, 9, 2);
  EXPECT_DOUBLE_EQ(errors.increase, 0.014);
  EXPECT_NEAR(errors.interval.lower, -0.008828918956120313, 1e-12);
  EXPECT_NEAR(errors.interval.upper, 0.036081905838114374, 1e-12);
  EXPECT_NEAR(errors.p_value, 0.0654296875, 1e-12);  // 2 (1 + 11 + 55) / 2^11
  EXPECT_NEAR(paired_errors(500, 2, 9).p_value, 0.0654296875, 1e-12);
}

TEST(PairedErrors, WhereNothingChangedTheIntervalSaysHowMuchCouldHave) {
  const PairedErrors errors = paired_errors(500, 0, 0);
  EXPECT_EQ(errors.p_value, 1);
  EXPECT_NEAR(errors.interval.upper, 0.008725760901595825, 1e-12);  // 1 - .0125^(1/500)
  EXPECT_NEAR(errors.interval.lower, -errors.interval.upper, 1e-15);
}

TEST(PairedErrors, EachKindIsCountedAtEachDetectorsOwnThreshold) {
  const std::vector<Presentation> before = {
      {std::nullopt, 0.9F}, {std::nullopt, 0.2F}, {std::nullopt, 0.9F}, {1, 0.2F}, {1, 0.9F}};
  // The second detector's scores are ten times as large, and it decides the first three otherwise.
  const std::vector<Presentation> after = {
      {std::nullopt, 2}, {std::nullopt, 9}, {std::nullopt, 1}, {1, 9}, {1, 9}};
  const auto paired = paired_presentation_errors(before, 0.5F, after, 5);
  ASSERT_TRUE(paired.ok()) << paired.status();
  EXPECT_EQ(paired->live->presentations, 3);
  EXPECT_EQ(paired->live->new_errors, 2);
  EXPECT_EQ(paired->live->mended_errors, 1);
  ASSERT_EQ(paired->species.size(), 1u);
  EXPECT_EQ(paired->species[0].species, 1);
  EXPECT_EQ(paired->species[0].errors.new_errors, 1);
  EXPECT_EQ(paired->species[0].errors.mended_errors, 0);
}

TEST(PairedErrors, OtherPresentationsAreRefused) {
  const std::vector<Presentation> live = {{std::nullopt, 0.9F}}, attack = {{0, 0.9F}};
  EXPECT_TRUE(absl::IsInvalidArgument(paired_presentation_errors(live, 0, attack, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(paired_presentation_errors(live, 0, {}, 0).status()));
}

}  // namespace
}  // namespace durward
