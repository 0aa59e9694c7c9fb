#include "vision/similarity.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace durward {
namespace {

// Five pairs that no similarity maps exactly.
const std::array<Point, 5> kFrom = {{{1, 2}, {4, 1}, {3, 6}, {-2, 5}, {0, -3}}};
const std::array<Point, 5> kTo = {{{2, 0.5}, {1, 5}, {-4, 3}, {-2, -2}, {6, -1}}};

TEST(EstimateSimilarity, FindsAKnownTransformExactly) {
  const double scale = 0.37, angle = std::numbers::pi / 7;
  const Similarity truth{scale * std::cos(angle), scale * std::sin(angle), -12, 140};
  std::vector<Point> to;
  for (const Point p : kFrom) to.push_back(truth(p));
  const auto found = estimate_similarity(kFrom, to);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_NEAR(found->a, truth.a, 1e-12);
  EXPECT_NEAR(found->b, truth.b, 1e-12);
  EXPECT_NEAR(found->tx, truth.tx, 1e-12);
  EXPECT_NEAR(found->ty, truth.ty, 1e-12);
  EXPECT_NEAR(found->scale(), scale, 1e-12);
}

TEST(EstimateSimilarity, TwoPairsAreMetExactly) {
  const std::array<Point, 2> from = {{{0, 0}, {2, 0}}}, to = {{{5, 5}, {5, 9}}};
  const auto found = estimate_similarity(from, to);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_NEAR(found->a, 0, 1e-12);
  EXPECT_NEAR(found->b, 2, 1e-12);
  const Point moved = (*found)({1, 0});
  EXPECT_NEAR(moved.x, 5, 1e-12);
  EXPECT_NEAR(moved.y, 7, 1e-12);
}

// Computed with Umeyama's formula as published, by singular value decomposition (NumPy).
TEST(EstimateSimilarity, EqualsTheSolutionBySingularValues) {
  const auto found = estimate_similarity(kFrom, kTo);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_NEAR(found->a, -0.00951087, 1e-8);
  EXPECT_NEAR(found->b, 1.09375, 1e-8);
  EXPECT_NEAR(found->tx, 3.01766304, 1e-8);
  EXPECT_NEAR(found->ty, -0.19157609, 1e-8);
}

// Mirrored goals: the best orthogonal matrix is a reflection, the answer must still be a rotation.
TEST(EstimateSimilarity, NeverMirrors) {
  std::array<Point, 5> mirrored = kTo;
  for (Point& p : mirrored) p.y = -p.y;
  const auto found = estimate_similarity(kFrom, mirrored);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_NEAR(found->a, -0.14266304, 1e-8);
  EXPECT_NEAR(found->b, 0.36277174, 1e-8);
  EXPECT_NEAR(found->tx, 1.56929348, 1e-8);
  EXPECT_NEAR(found->ty, -1.22146739, 1e-8);
}

TEST(EstimateSimilarity, RefusesWhatHasNoAnswer) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::array<Point, 2> apart = {{{0, 0}, {1, 1}}}, same = {{{3, 3}, {3, 3}}};
  const std::array<Point, 2> unknown = {{{0, nan}, {1, 1}}};
  const std::array<Point, 1> one = {{{0, 0}}};
  EXPECT_TRUE(absl::IsInvalidArgument(estimate_similarity(one, one).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(estimate_similarity(apart, one).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(estimate_similarity(same, apart).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(estimate_similarity(apart, same).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(estimate_similarity(unknown, apart).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(estimate_similarity(apart, unknown).status()));
}

}  // namespace
}  // namespace durward
