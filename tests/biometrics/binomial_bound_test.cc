#include "biometrics/binomial_bound.h"

#include <gtest/gtest.h>

#include <cmath>

namespace durward {
namespace {

TEST(BinomialBound, WithoutAnErrorIsTheRootOfTheRisk) {
  for (const int64_t trials : {1, 10, 3000, 2000000}) {
    const double n = static_cast<double>(trials);
    EXPECT_NEAR(binomial_upper_bound(0, trials, 0.95), -std::expm1(std::log(0.05) / n), 1e-12);
    EXPECT_NEAR(binomial_lower_bound(trials, trials, 0.95), std::exp(std::log(0.05) / n), 1e-12);
    EXPECT_EQ(binomial_lower_bound(0, trials, 0.95), 0);
    EXPECT_EQ(binomial_upper_bound(trials, trials, 0.95), 1);
  }
}

// As SciPy's quantiles of the beta distribution have it: two-sided 95 % intervals.
TEST(BinomialBound, IsThatOfOtherPrograms) {
  EXPECT_NEAR(binomial_lower_bound(5, 50, 0.975), 0.03327509358902, 1e-13);
  EXPECT_NEAR(binomial_upper_bound(5, 50, 0.975), 0.21813536643420, 1e-13);
  EXPECT_NEAR(binomial_lower_bound(200, 2000000, 0.975), 8.662099917389e-5, 1e-13);
  EXPECT_NEAR(binomial_upper_bound(200, 2000000, 0.975), 1.1486013734203e-4, 1e-13);
}

TEST(BinomialBound, ManyErrorsAreBoundedAsTheNormalDistributionHasIt) {
  const double rate = 0.1, n = 2e6;
  const double half_width = 1.6448536 * std::sqrt(rate * (1 - rate) / n);
  EXPECT_NEAR(binomial_upper_bound(200000, 2000000, 0.95), rate + half_width, 2e-6);
  EXPECT_NEAR(binomial_lower_bound(200000, 2000000, 0.95), rate - half_width, 2e-6);
}

}  // namespace
}  // namespace durward
