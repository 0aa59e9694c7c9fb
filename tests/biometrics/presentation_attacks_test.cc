#include "biometrics/presentation_attacks.h"

#include <gmock/gmock.h>

#include <limits>

namespace durward {
namespace {

using ::testing::HasSubstr;

std::vector<Presentation> presented(std::optional<int32_t> species, int below, int above) {
  std::vector<Presentation> all(static_cast<size_t>(below), {species, 0.2F});
  all.insert(all.end(), static_cast<size_t>(above), {species, 0.8F});
  return all;
}

std::vector<Presentation> joined(std::vector<std::vector<Presentation>> parts) {
  std::vector<Presentation> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(PresentationAttacks, ErrorsAreCountedOfEachSpecies) {
  const auto all =
      joined({presented(std::nullopt, 10, 490), presented(2, 45, 5), presented(0, 20, 0)});
  const PresentationAttackRates rates = presentation_attack_rates(all, 0.5F).value();
  ASSERT_TRUE(rates.bpcer);
  EXPECT_EQ(rates.bpcer->errors, 10);
  EXPECT_EQ(rates.bpcer->rate, 0.02);
  // SciPy's quantiles of the beta distribution.
  EXPECT_NEAR(rates.bpcer->interval.lower, 0.009631429586433, 1e-13);
  EXPECT_NEAR(rates.bpcer->interval.upper, 0.036472408292210, 1e-13);
  ASSERT_EQ(rates.species.size(), 2u);
  EXPECT_EQ(rates.species[0].species, 0);
  EXPECT_EQ(rates.species[0].apcer.rate, 0);
  EXPECT_EQ(rates.species[0].apcer.interval.lower, 0);
  EXPECT_EQ(rates.species[1].apcer.rate, 0.1);
  EXPECT_EQ(rates.worst(), &rates.species[1]);
}

TEST(PresentationAttacks, AScoreAtTheThresholdIsAnAttack) {
  const auto all = joined({presented(std::nullopt, 0, 1), presented(0, 0, 1)});
  const PresentationAttackRates rates = presentation_attack_rates(all, 0.8F).value();
  EXPECT_EQ(rates.bpcer->rate, 1);
  EXPECT_EQ(rates.species[0].apcer.rate, 0);
}

TEST(PresentationAttacks, LiveFacesAloneGiveNoRateOfAttacks) {
  const PresentationAttackRates rates =
      presentation_attack_rates(presented(std::nullopt, 1, 3), 0.5F).value();
  EXPECT_EQ(rates.bpcer->rate, 0.25);
  EXPECT_EQ(rates.worst(), nullptr);
}

TEST(PresentationAttacks, TheThresholdForABpcerIsTheHighestThatKeepsIt) {
  std::vector<Presentation> all;
  for (int i = 0; i < 400; ++i) all.push_back({std::nullopt, static_cast<float>((i * 37) % 400)});
  all.push_back({0, 3.5F});
  const float threshold = threshold_for_bpcer(all, 0.01).value();
  EXPECT_EQ(presentation_attack_rates(all, threshold)->bpcer->errors, 4);
  EXPECT_EQ(presentation_attack_rates(all, threshold)->species[0].apcer.errors, 0);
  EXPECT_EQ(presentation_attack_rates(all, 4.0F)->bpcer->errors, 5);
  // Of equal scores all are refused or none.
  for (Presentation& one : all) one.score = 1;
  EXPECT_EQ(presentation_attack_rates(all, threshold_for_bpcer(all, 0.01).value())->bpcer->errors,
            0);
}

TEST(PresentationAttacks, ABpcerNeedsThreeTimesAsManyLiveFacesAsOneError) {
  EXPECT_EQ(threshold_for_bpcer(presented(std::nullopt, 0, 299), 0.01), std::nullopt);
  EXPECT_NE(threshold_for_bpcer(presented(std::nullopt, 0, 300), 0.01), std::nullopt);
  EXPECT_EQ(threshold_for_bpcer(presented(0, 0, 300), 0.01), std::nullopt);
}

TEST(PresentationAttacks, WhatIsNoScoreIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(presentation_attack_rates({}, 0.5F).status()));
  std::vector<Presentation> all = presented(0, 1, 1);
  all[1].score = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(std::string(presentation_attack_rates(all, 0.5F).status().message()),
              HasSubstr("presentation 1 is not finite"));
}

}  // namespace
}  // namespace durward
