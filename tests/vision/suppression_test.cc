#include "vision/suppression.h"

#include <gtest/gtest.h>

#include <array>

namespace durward {
namespace {

Detection detection(double x, double score) {
  return {.box = {x, 0, 10, 10}, .score = score, .points = {{{x, 1}}}};
}

TEST(Overlap, IsIntersectionOverUnion) {
  EXPECT_DOUBLE_EQ(overlap({0, 0, 10, 10}, {5, 0, 10, 10}), 50.0 / 150);
  EXPECT_DOUBLE_EQ(overlap({0, 0, 4, 4}, {1, 1, 2, 2}), 4.0 / 16);
  EXPECT_DOUBLE_EQ(overlap({0, 0, 1, 1}, {1, 0, 1, 1}), 0);
  EXPECT_DOUBLE_EQ(overlap({0, 0, 0, 0}, {0, 0, 0, 0}), 0);
}

// At 0, 4 and 8 neighbours overlap by 60 / 140, the outer two by 20 / 180.
TEST(KeepBest, DropsOnlyWhatOverlapsSomethingKept) {
  const auto kept = keep_best({detection(0, .7), detection(4, .8), detection(8, .9)}, 0.3);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].box.x, 8);
  EXPECT_EQ(kept[1].box.x, 0);
}

TEST(KeepBest, EqualScoresKeepTheirOrder) {
  const auto kept = keep_best({detection(100, .5), detection(0, .5)}, 0.3);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].box.x, 100);
}

TEST(Blend, AveragesAGroupByScoreAndKeepsTheHighest) {
  const auto blended = blend({detection(4, .3), detection(50, .4), detection(0, .9)}, 0.3);
  ASSERT_EQ(blended.size(), 2u);
  EXPECT_DOUBLE_EQ(blended[0].score, .9);
  EXPECT_DOUBLE_EQ(blended[0].box.x, (0 * .9 + 4 * .3) / 1.2);
  EXPECT_DOUBLE_EQ(blended[0].box.width, 10);
  EXPECT_DOUBLE_EQ(blended[0].points[0].x, (0 * .9 + 4 * .3) / 1.2);
  EXPECT_DOUBLE_EQ(blended[1].box.x, 50);
}

TEST(Blend, EndsWithEmptyBoxesToo) {
  Detection empty = detection(0, .9);
  empty.box = {};
  EXPECT_EQ(blend({empty, empty, empty}, 0.3).size(), 3u);
}

TEST(NearestToCenter, TakesTheMiddleOneNotTheBestOne) {
  const std::array<Face, 3> faces = {{{.box = {0, 0, 40, 40}, .score = .99, .landmarks = {}},
                                      {.box = {40, 30, 30, 40}, .score = .7, .landmarks = {}},
                                      {.box = {70, 0, 20, 20}, .score = .9, .landmarks = {}}}};
  EXPECT_EQ(nearest_to_center(faces, 100, 100), &faces[1]);
  EXPECT_EQ(nearest_to_center({}, 100, 100), nullptr);
}

}  // namespace
}  // namespace durward
