#include "biometrics/fusion.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "biometrics/synthetic.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// Normal scores of equal variance, whose LLR is linear: of deviation 1, `distance` apart, shifted
// and scaled as some model might give them. EER: the normal tail beyond distance / 2.
FactorScores normal_scores(int32_t people, double distance, uint64_t seed, double scale = 0.1) {
  Gaussian gaussian(seed);
  FactorScores scores{.people = people, .comparisons = {}};
  for (int32_t p = 0; p < people; ++p) {
    for (int32_t q = 0; q < people; ++q) {
      for (int i = 0; i < (p == q ? 8 : 1); ++i) {
        const double mean = p == q ? distance : 0;
        scores.comparisons.push_back({p, q, 0.3 + scale * (mean + gaussian.next())});
      }
    }
  }
  return scores;
}

double tail(double z) { return std::erfc(z / std::numbers::sqrt2) / 2; }

FusionOptions options() {
  FusionOptions options;
  options.two_factor.threshold = std::log(1000.0);
  options.two_factor.evaluation.bootstrap.replicates = 200;
  return options;
}

// The floor of an LLR that is normal with mean -m and variance 2 m with which `rate` of the claims
// pass whose other LLR, with mean n and variance 2 n, was stolen: found by bisection of the
// integral over the stolen one.
double analytic_floor(double m, double n, double threshold, double rate) {
  const auto passes = [&](double floor) {
    double sum = 0;
    constexpr double kStep = 0.01;
    for (double z = -8 + kStep / 2; z < 8; z += kStep) {
      const double stolen = n + std::sqrt(2 * n) * z;
      const double least = std::max(floor, threshold - stolen);
      sum += kStep * std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi) *
             tail((least + m) / std::sqrt(2 * m));
    }
    return sum;
  };
  if (passes(0) <= rate) return 0;
  double low = 0, high = 30;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (passes(middle) > rate ? low : high) = middle;
  }
  return low;
}

TEST(Fusion, FiguresOfNormalScoresAreThoseOfTheClosedForm) {
  // Distance d: LLRs with mean d^2 / 2 and variance d^2; of the sum the distances add in squares.
  constexpr double kA = 3.5, kB = 3;
  constexpr double kRate = 0.01;
  FusionOptions settings = options();
  settings.two_factor.stolen_factor_rate = kRate;
  const Fusion fusion =
      fuse(normal_scores(100, kA, 1), normal_scores(100, kB, 2, 7), settings).value();
  EXPECT_EQ(fusion.people, 100);
  EXPECT_EQ(fusion.pairings, 1);
  ASSERT_EQ(fusion.folds.size(), 1u);
  EXPECT_EQ(fusion.folds[0].calibration_people, 50);
  EXPECT_EQ(fusion.folds[0].test_people, 50);
  EXPECT_NEAR(fusion.folds[0].a.weights[0] * 0.1, kA, 0.5);  // LLR of d x - d^2 / 2
  EXPECT_NEAR(fusion.folds[0].b.weights[0] * 7, kB, 0.5);
  const TwoFactorEvaluation& figures = fusion.figures;
  EXPECT_NEAR(figures.a.equal_error_rate, tail(kA / 2), 0.02);
  EXPECT_NEAR(figures.b.equal_error_rate, tail(kB / 2), 0.025);
  EXPECT_NEAR(figures.fused.equal_error_rate, tail(std::hypot(kA, kB) / 2), 0.008);
  EXPECT_LT(figures.cllr_fused, std::min(figures.cllr_a, figures.cllr_b));
  EXPECT_LT(figures.cllr_a, figures.a.min_cllr + 0.03);
  EXPECT_LT(figures.cllr_b, figures.b.min_cllr + 0.03);
  for (const auto& [floor, own, other] : {std::tuple{figures.rules[0].floor_a, kA, kB},
                                          std::tuple{figures.rules[0].floor_b, kB, kA}}) {
    const double truth = analytic_floor(own * own / 2, other * other / 2, std::log(1000.0), kRate);
    EXPECT_GT(truth, 0.9);
    EXPECT_NEAR(floor, truth, 1);  // 2,450 pairs give 25 in the tail, and slopes are off by 5 %
  }
  EXPECT_NEAR(figures.rates.a_stolen.far, kRate, 0.008);
  EXPECT_NEAR(figures.rates.b_stolen.far, kRate, 0.008);
}

TEST(Fusion, TheGainIsOnTheBetterFactor) {
  const Fusion fusion = fuse(normal_scores(60, 2, 3), normal_scores(60, 3, 4), options()).value();
  ASSERT_FALSE(fusion.gains.empty());
  for (const FusionGain& gain : fusion.gains) {
    EXPECT_FALSE(gain.best_is_a);
    EXPECT_GT(gain.gain, 0);
    ASSERT_TRUE(gain.interval.has_value());
    EXPECT_LE(gain.interval->lower, gain.gain);
    EXPECT_GE(gain.interval->upper, gain.gain);
    EXPECT_GE(*gain.lower_bound, gain.interval->lower);
  }
  // TAR of normal scores at FAR 1e-1: beyond z = 1.2816 of the impostors.
  const double z = 1.2816;
  EXPECT_NEAR(fusion.gains[0].gain, tail(z - std::hypot(2, 3)) - tail(z - 3), 0.03);
}

TEST(Fusion, AFactorThatSaysNothingAddsNothing) {
  FactorScores noise = normal_scores(40, 0.05, 5);
  const Fusion fusion = fuse(normal_scores(40, 4, 6), noise, options()).value();
  EXPECT_NEAR(fusion.figures.fused.equal_error_rate, fusion.figures.a.equal_error_rate, 0.01);
  EXPECT_NEAR(fusion.figures.cllr_b, 1, 0.02);
}

TEST(Fusion, CalibrationSeesNobodyWhoIsTested) {
  const FactorScores a = normal_scores(40, 3, 7), b = normal_scores(40, 3, 8);
  const Fusion plain = fuse(a, b, options()).value();
  // Whose scores change nothing of what was learnt are tested: half of the people of each list.
  int64_t indifferent = 0;
  for (int32_t person = 0; person < 40; ++person) {
    FactorScores changed = a;
    for (auto& one : changed.comparisons) {
      if (one.claimed == person || one.actual == person) one.score += 0.05;
    }
    const Fusion other = fuse(changed, b, options()).value();
    const bool same = other.folds[0].a.offset == plain.folds[0].a.offset &&
                      other.folds[0].a.weights == plain.folds[0].a.weights;
    if (!same) continue;
    ++indifferent;
    EXPECT_EQ(other.figures.rules[0].floor_a, plain.figures.rules[0].floor_a);
    EXPECT_EQ(other.figures.rules[0].floor_b, plain.figures.rules[0].floor_b);
    EXPECT_NE(other.figures.cllr_a, plain.figures.cllr_a);
  }
  EXPECT_EQ(indifferent, 20);
}

TEST(Fusion, PeopleOfTheSmallerListMeetOthersInEachPairing) {
  FusionOptions settings = options();
  const FactorScores few = normal_scores(12, 3, 9), many = normal_scores(50, 3, 10);
  for (const auto& [a, b] : {std::pair{&few, &many}, std::pair{&many, &few}}) {
    const Fusion fusion = fuse(*a, *b, settings).value();
    EXPECT_EQ(fusion.people, 12);
    EXPECT_EQ(fusion.pairings, 4);
    EXPECT_EQ(fusion.figures.test_people, 6);
    // Each of 6 meets 5 in each pairing, with one score of each factor.
    EXPECT_EQ(fusion.figures.fused.impostor_trials, 4 * 6 * 5);
  }
  settings.pairings = 1;
  EXPECT_EQ(fuse(few, many, settings)->figures.fused.impostor_trials, 6 * 5);
}

TEST(Fusion, CrosswiseJudgesEverybody) {
  FusionOptions settings = options();
  settings.crosswise = true;
  const Fusion fusion = fuse(normal_scores(15, 3, 11), normal_scores(60, 3, 12), settings).value();
  EXPECT_EQ(fusion.figures.test_people, 15);
  ASSERT_EQ(fusion.folds.size(), 2u);
  EXPECT_EQ(fusion.folds[0].test_people, 8);
  EXPECT_EQ(fusion.folds[1].test_people, 7);
  EXPECT_EQ(fusion.figures.fused.impostor_trials, 4 * (8 * 7 + 7 * 6));
  EXPECT_TRUE(fusion.figures.fused.replicates.has_value());
}

TEST(Fusion, PeopleOfBothListsStayThemselves) {
  // Person p of the second list is p + 3 of the first. Odd people have high scores in both.
  FactorScores a = normal_scores(43, 4, 13), b = normal_scores(40, 4, 14);
  for (auto& one : a.comparisons) {
    if (one.claimed == one.actual && (one.claimed - 3) % 2 != 0) one.score += 100;
  }
  for (auto& one : b.comparisons) {
    if (one.claimed == one.actual && one.claimed % 2 != 0) one.score += 100;
  }
  FusionOptions settings = options();
  for (int32_t p = 0; p < 40; ++p) settings.same_person.emplace_back(p + 3, p);
  const Fusion fusion = fuse(a, b, settings).value();
  EXPECT_EQ(fusion.people, 40);
  EXPECT_EQ(fusion.pairings, 1);
  settings.same_person.emplace_back(3, 1);
  EXPECT_THAT(fuse(a, b, settings).status().message(), HasSubstr("is two people of the other"));
}

TEST(Fusion, TheSeedAloneDecidesWhoIsPaired) {
  const FactorScores a = normal_scores(30, 2.5, 15), b = normal_scores(70, 2.5, 16);
  FusionOptions settings = options();
  settings.two_factor.stolen_factor_rate = 0.01;
  const auto floor = [&] { return fuse(a, b, settings)->figures.rules[0].floor_b; };
  const double first = floor();
  settings.two_factor.evaluation.bootstrap.threads = 3;
  EXPECT_EQ(floor(), first);
  settings.two_factor.seed = 2;
  EXPECT_NE(floor(), first);
}

TEST(Fusion, WhatCannotBeJudgedIsRefusedByTheFactorsName) {
  const FactorScores good = normal_scores(20, 3, 17);
  FusionOptions settings = options();
  settings.names = {"face", "voice"};
  const auto refusal = [&](const FactorScores& a, const FactorScores& b) {
    return std::string(fuse(a, b, settings).status().message());
  };
  FactorScores bad = good;
  bad.comparisons[5].score = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal(good, bad), HasSubstr("voice: a score is not finite"));
  bad = good;
  bad.comparisons[5].actual = 20;
  EXPECT_THAT(refusal(bad, good), HasSubstr("face: a comparison is of persons"));
  EXPECT_THAT(refusal(normal_scores(3, 3, 18), good),
              HasSubstr("3 people could be paired: face has 3 and voice 20 people"));
  EXPECT_THAT(
      refusal(normal_scores(6, 3, 19), good),
      HasSubstr("face: the people whom it is calibrated on have 24 genuine and 6 impostor"));
  bad = good;
  for (auto& one : bad.comparisons) one.score = -one.score;
  EXPECT_THAT(refusal(good, bad), HasSubstr("voice: higher scores are no sign of one person"));
  settings.pairings = 0;
  EXPECT_THAT(refusal(good, good), HasSubstr("at least one pairing"));
}

}  // namespace
}  // namespace durward
