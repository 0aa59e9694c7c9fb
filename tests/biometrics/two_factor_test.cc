#include "biometrics/two_factor.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "biometrics/synthetic.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr int kPeople = 80;
constexpr double kMeanA = 7, kMeanB = 4.5;  // of genuine LLRs, -mean of impostors'; variance 2 mean
const double kThreshold = std::log(1000.0);

// Calibrated LLRs: normal scores of equal variance are their own LLRs where that is twice the mean.
FactorLlrs normal_llrs(double mean, uint64_t seed) {
  Gaussian gaussian(seed);
  const double deviation = std::sqrt(2 * mean);
  FactorLlrs factor;
  for (int32_t p = 0; p < kPeople; ++p) {
    for (int i = 0; i < 6; ++i) factor.genuine.push_back({mean + deviation * gaussian.next(), p});
    for (int32_t q = 0; q < kPeople; ++q) {
      if (p != q) factor.impostors.push_back({-mean + deviation * gaussian.next(), p, q});
    }
  }
  return factor;
}

// Everybody is one person in both factors.
std::vector<Pairing> same_people() {
  Pairing pairing;
  for (int32_t p = 0; p < kPeople; ++p) pairing.push_back({p, p, p});
  return {pairing};
}

std::vector<int32_t> people(int32_t from, int32_t to) {
  std::vector<int32_t> some;
  for (int32_t p = from; p < to; ++p) some.push_back(p);
  return some;
}

// Floors on the first half, figures on the second.
std::vector<TwoFactorFold> one_fold(FactorLlrs a, FactorLlrs b) {
  return {{std::move(a), std::move(b), people(0, kPeople / 2), people(kPeople / 2, kPeople)}};
}

double density(double x, double mean, double variance) {
  return std::exp(-(x - mean) * (x - mean) / (2 * variance)) /
         std::sqrt(2 * std::numbers::pi * variance);
}
double above(double x, double mean, double variance) {
  return std::erfc((x - mean) / std::sqrt(2 * variance)) / 2;
}

// P(a > floor_a, b > floor_b, a + b > threshold) by the midpoint rule.
double pass_rate(double mean_a, double mean_b, const TwoFactorRule& rule) {
  constexpr double kStep = 1e-3;
  double sum = 0;
  for (double a = std::max(rule.floor_a, -40.0) + kStep / 2; a < 60; a += kStep) {
    sum += kStep * density(a, mean_a, 2 * kMeanA) *
           above(std::max(rule.floor_b, rule.threshold - a), mean_b, 2 * kMeanB);
  }
  return sum;
}

TwoFactorOptions options() {
  TwoFactorOptions options;
  options.threshold = kThreshold;
  options.evaluation.bootstrap.replicates = 200;
  return options;
}

TEST(TwoFactor, RatesAreThoseOfTheClosedForm) {
  TwoFactorOptions settings = options();
  settings.given = TwoFactorRule{kThreshold, 3, 3};
  const TwoFactorEvaluation result =
      evaluate_two_factor(one_fold(normal_llrs(kMeanA, 1), normal_llrs(kMeanB, 2)), same_people(),
                          settings)
          .value();
  ASSERT_EQ(result.rules.size(), 1u);
  ASSERT_TRUE(result.given.has_value());
  EXPECT_EQ(result.test_people, kPeople / 2);
  const auto expect_near = [](const FixedThresholdRates& rates, double truth, double slack) {
    EXPECT_NEAR(rates.far, truth, slack);
    ASSERT_TRUE(rates.far_bounds.has_value());
    EXPECT_GT(rates.far_bounds->upper, rates.far);
  };
  // Four standard errors of a proportion over 1,560 pairs of people, or more for rare ones.
  const auto slack = [](double rate) { return 4 * std::sqrt(rate * (1 - rate) / 1560) + 1e-3; };
  for (const auto& [rates, rule] :
       {std::pair{result.rates, result.rules[0]}, std::pair{*result.given, *settings.given},
        std::pair{result.sum_alone, TwoFactorRule{kThreshold, -1e9, -1e9}}}) {
    const double none = pass_rate(-kMeanA, -kMeanB, rule);
    const double a_stolen = pass_rate(kMeanA, -kMeanB, rule);
    const double b_stolen = pass_rate(-kMeanA, kMeanB, rule);
    expect_near(rates.none, none, slack(none));
    expect_near(rates.a_stolen, a_stolen, slack(a_stolen));
    expect_near(rates.b_stolen, b_stolen, slack(b_stolen));
    const double tar = pass_rate(kMeanA, kMeanB, rule);
    EXPECT_NEAR(rates.none.tar, tar, 4 * std::sqrt(tar * (1 - tar) / 240) + 1e-3);
    EXPECT_EQ(rates.none.tar, rates.a_stolen.tar);
  }
}

TEST(TwoFactor, FloorsHoldAStolenFactorToTheRateOnOtherPeople) {
  for (const double rate : {0.05, 0.02}) {
    TwoFactorOptions settings = options();
    settings.stolen_factor_rate = rate;
    const TwoFactorEvaluation result =
        evaluate_two_factor(one_fold(normal_llrs(kMeanA, 3), normal_llrs(kMeanB, 4)), same_people(),
                            settings)
            .value();
    const TwoFactorRule& rule = result.rules[0];
    // The sum alone lets many more through.
    EXPECT_GT(result.sum_alone.a_stolen.far, 2 * rate);
    // The truth of the rule that was found, apart from what 1,560 pairs can tell of a quantile.
    EXPECT_LT(pass_rate(kMeanA, -kMeanB, rule), rate + 4 * std::sqrt(rate / 1560));
    EXPECT_LT(pass_rate(-kMeanA, kMeanB, rule), rate + 4 * std::sqrt(rate / 1560));
    // No floor is higher than the promise needs: Markov's bound is far above.
    EXPECT_LT(rule.floor_a, -std::log(rate));
    EXPECT_LT(rule.floor_b, -std::log(rate));
    if (rate < 0.05) {
      EXPECT_GT(rule.floor_b, 0);  // at 5 % the sum's threshold almost does
    }
  }
}

TEST(TwoFactor, FusedIsBetterThanEither) {
  const TwoFactorEvaluation result =
      evaluate_two_factor(one_fold(normal_llrs(kMeanA, 5), normal_llrs(kMeanB, 6)), same_people(),
                          options())
          .value();
  EXPECT_LT(result.fused.equal_error_rate, result.a.equal_error_rate);
  EXPECT_LT(result.a.equal_error_rate, result.b.equal_error_rate);
  // EER of calibrated normal LLRs: the normal tail beyond sqrt(mean / 2).
  EXPECT_NEAR(result.b.equal_error_rate, above(std::sqrt(kMeanB / 2), 0, 1), 0.02);
  EXPECT_LT(result.cllr_fused, result.cllr_a);
  EXPECT_LT(result.cllr_a, result.cllr_b);
  for (const auto& [cost, least] :
       {std::pair{result.cllr_a, result.a.min_cllr}, std::pair{result.cllr_b, result.b.min_cllr}}) {
    EXPECT_GE(cost, least);
    EXPECT_LT(cost, least + 0.03) << "they are calibrated";
  }
  EXPECT_FALSE(result.fused.det.empty());
}

TEST(TwoFactor, TheSameSeedGivesTheSameFigures) {
  const auto folds = one_fold(normal_llrs(kMeanA, 7), normal_llrs(kMeanB, 8));
  TwoFactorOptions settings = options();
  settings.stolen_factor_rate = 0.02;
  settings.pairs_of_people = 1;  // of six times one
  const auto floor = [&] {
    return evaluate_two_factor(folds, same_people(), settings)->rules[0].floor_b;
  };
  const double first = floor();
  EXPECT_EQ(floor(), first);
  settings.seed = 2;
  EXPECT_NE(floor(), first);
}

TEST(TwoFactor, FoldsWhosePeopleChangePlacesJudgeEverybodyByTheOthersFloors) {
  // The second half's voices are worth nothing: the first half's floor for a voice is low.
  FactorLlrs a = normal_llrs(kMeanA, 9), b = normal_llrs(kMeanB, 10);
  for (auto& one : b.impostors) {
    if (one.claimed >= kPeople / 2) one.llr += 2 * kMeanB;
  }
  const auto first = people(0, kPeople / 2), second = people(kPeople / 2, kPeople);
  const TwoFactorEvaluation one =
      evaluate_two_factor(std::vector<TwoFactorFold>{{a, b, first, second}}, same_people(),
                          options())
          .value();
  const TwoFactorEvaluation other =
      evaluate_two_factor(std::vector<TwoFactorFold>{{a, b, second, first}}, same_people(),
                          options())
          .value();
  const TwoFactorEvaluation both =
      evaluate_two_factor(std::vector<TwoFactorFold>{{a, b, first, second}, {a, b, second, first}},
                          same_people(), options())
          .value();
  EXPECT_EQ(both.test_people, kPeople);
  ASSERT_EQ(both.rules.size(), 2u);
  EXPECT_LT(both.rules[0].floor_b, both.rules[1].floor_b);
  EXPECT_EQ(both.rules[0].floor_b, one.rules[0].floor_b);
  EXPECT_EQ(both.rules[1].floor_b, other.rules[0].floor_b);
  EXPECT_GT(one.rates.a_stolen.far, 0.2);
  EXPECT_LT(other.rates.a_stolen.far, 0.01);
  for (const auto rates :
       {&StolenFactorRates::none, &StolenFactorRates::a_stolen, &StolenFactorRates::b_stolen}) {
    EXPECT_EQ((both.rates.*rates).false_accepts,
              (one.rates.*rates).false_accepts + (other.rates.*rates).false_accepts);
    EXPECT_EQ((both.rates.*rates).false_rejects,
              (one.rates.*rates).false_rejects + (other.rates.*rates).false_rejects);
  }
}

TEST(TwoFactor, PeopleWhoWereComparedInOneDirectionAreSoInBoth) {
  const FactorLlrs a = normal_llrs(kMeanA, 11), b = normal_llrs(kMeanB, 12);
  FactorLlrs half = a, mirrored = a;
  std::erase_if(half.impostors, [](const auto& one) { return one.claimed > one.actual; });
  mirrored.impostors = half.impostors;
  for (const auto& one : half.impostors) {
    mirrored.impostors.push_back({one.llr, one.actual, one.claimed});
  }
  const auto judge = [&](const FactorLlrs& factor) {
    return evaluate_two_factor(one_fold(factor, b), same_people(), options()).value();
  };
  EXPECT_EQ(judge(half).fused.impostor_trials, judge(a).fused.impostor_trials);
  EXPECT_EQ(judge(half).rates.b_stolen.far, judge(mirrored).rates.b_stolen.far);
}

TEST(TwoFactor, AcceptsAboveThresholdAndFloorsOnly) {
  const TwoFactorRule rule{6, 1, 2};
  for (double a = -2; a < 10; a += 0.3) {
    for (double b = -2; b < 10; b += 0.3) {
      EXPECT_EQ(rule.margin(a, b) > 0, a + b > 6 && a > 1 && b > 2) << a << " " << b;
    }
  }
}

TEST(TwoFactor, RefusesWhatItCannotJudge) {
  const FactorLlrs a = normal_llrs(kMeanA, 1), b = normal_llrs(kMeanB, 2);
  const auto refusal = [](const std::vector<TwoFactorFold>& folds) {
    return std::string(evaluate_two_factor(folds, same_people(), options()).status().message());
  };
  FactorLlrs bad = a;
  bad.genuine[3].llr = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal(one_fold(bad, b)), HasSubstr("factor a: a genuine LLR is not finite"));
  bad = b;
  bad.impostors[0].actual = bad.impostors[0].claimed;
  EXPECT_THAT(refusal(one_fold(a, bad)), HasSubstr("factor b: an impostor is the person"));
  FactorLlrs few = a;
  std::erase_if(few.genuine, [](const auto& one) { return one.person < kPeople / 2; });
  EXPECT_THAT(refusal(one_fold(few, b)), HasSubstr("people whom floors are chosen with need"));
  few = a;
  std::erase_if(few.genuine, [](const auto& one) { return one.person >= kPeople / 2; });
  EXPECT_THAT(refusal(one_fold(few, b)), HasSubstr("people who are tested need"));
  EXPECT_THAT(refusal({}), HasSubstr("no fold"));
  EXPECT_THAT(refusal({{a, b, people(0, 40), people(39, 80)}}),
              HasSubstr("person 39 is tested by what was learnt of him"));
  EXPECT_THAT(
      refusal({{a, b, people(0, 20), people(20, 60)}, {a, b, people(0, 20), people(59, 80)}}),
      HasSubstr("person 59 is tested twice"));
  TwoFactorOptions wrong = options();
  wrong.stolen_factor_rate = 0;
  EXPECT_TRUE(
      absl::IsInvalidArgument(evaluate_two_factor(one_fold(a, b), same_people(), wrong).status()));
}

}  // namespace
}  // namespace durward
