#include "biometrics/det.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "biometrics/synthetic.h"

namespace durward {
namespace {

// Literals: NormalDist().inv_cdf of Python's standard library (Wichura's AS241).
TEST(Probit, InvertsTheNormalDistribution) {
  EXPECT_NEAR(probit(1e-6), -4.753424308822899, 1e-12);
  EXPECT_NEAR(probit(1e-5), -4.2648907939228256, 1e-12);
  EXPECT_NEAR(probit(1e-3), -3.090232306167813, 1e-13);
  EXPECT_NEAR(probit(0.02), -2.0537489106318225, 1e-13);
  EXPECT_NEAR(probit(0.3), -0.5244005127080407, 1e-14);
  EXPECT_NEAR(probit(0.5), 0, 1e-15);
  EXPECT_NEAR(probit(0.975), 1.9599639845400536, 1e-13);
  EXPECT_NEAR(probit(0.9999), 3.7190164854557084, 1e-11);
  EXPECT_EQ(probit(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(probit(1), std::numeric_limits<double>::infinity());
}

ScoredTrials normal_scores(double d_prime, int genuine, int impostors) {
  Gaussian gaussian(21);
  ScoredTrials scored;
  for (int i = 0; i < genuine; ++i) {
    scored.genuine.push_back({static_cast<float>(d_prime + gaussian.next()), 0});
  }
  for (int i = 0; i < impostors; ++i) {
    scored.impostors.push_back({static_cast<float>(gaussian.next()), 0, 1});
  }
  scored.impostor_count = impostors;
  scored.people = {0, 1};
  sort_scores(scored);
  return scored;
}

// On probit axes two normal distributions of unit variance give the line x + y = -d'.
TEST(DetCurve, IsAStraightLineForNormalScores) {
  const std::vector<DetPoint> curve = det_curve(normal_scores(2, 20'000, 200'000));
  ASSERT_GT(curve.size(), 100u);
  ASSERT_LT(curve.size(), 600u);
  for (const DetPoint& point : curve) {
    if (point.far < 1e-3 || point.frr < 5e-3) continue;  // too few errors to be near the line
    EXPECT_NEAR(probit(point.far) + probit(point.frr), -2, 0.08) << point.far;
  }
}

TEST(DetCurve, HoldsTrueRatesAndReachesBothEnds) {
  const ScoredTrials scored = normal_scores(2, 500, 3000);
  const std::vector<DetPoint> curve = det_curve(scored);
  EXPECT_DOUBLE_EQ(curve.front().far, 1.0 / 3000);
  EXPECT_DOUBLE_EQ(curve.back().frr, 1.0 / 500);
  for (size_t i = 0; i < curve.size(); ++i) {
    const Accepted accepted = accepted_above(scored, static_cast<float>(curve[i].threshold));
    EXPECT_DOUBLE_EQ(curve[i].far, static_cast<double>(accepted.impostors) / 3000);
    EXPECT_DOUBLE_EQ(curve[i].frr, static_cast<double>(500 - accepted.genuine) / 500);
    if (i == 0) continue;
    EXPECT_GE(curve[i].far, curve[i - 1].far);
    EXPECT_LE(curve[i].frr, curve[i - 1].frr);
  }
}

TEST(DetCurve, IsEmptyWhereTheKindsDoNotOverlap) {
  EXPECT_TRUE(det_curve(normal_scores(50, 100, 100)).empty());
  EXPECT_TRUE(det_curve(normal_scores(1, 100, 0)).empty());
}

}  // namespace
}  // namespace durward
