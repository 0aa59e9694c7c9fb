#include "vision/face_pose.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

namespace durward {
namespace {

// Where the points of a head that was turned appear to a camera far away, by the definitions of yaw
// (about the vertical, to the person's left), pitch (up) and roll (in the picture).
struct Turned {
  double yaw = 0, pitch = 0, roll = 0;

  Point operator()(double x, double y, double toward) const {
    const auto radians = [](double degrees) { return degrees * std::numbers::pi / 180; };
    const double yawed_x = x * std::cos(radians(yaw)) + toward * std::sin(radians(yaw));
    const double yawed_toward = toward * std::cos(radians(yaw)) - x * std::sin(radians(yaw));
    const double pitched_y = y * std::cos(radians(pitch)) - yawed_toward * std::sin(radians(pitch));
    const double c = std::cos(radians(roll)), s = std::sin(radians(roll));
    return {200 + 40 * (c * yawed_x - s * pitched_y), 150 + 40 * (s * yawed_x + c * pitched_y)};
  }
};

Landmarks five(const Turned& at) {
  return {.right_eye = at(-.5, 0, 0),
          .left_eye = at(.5, 0, 0),
          .nose = at(0, .573, .43),
          .right_mouth_corner = at(-.435, 1.047, .03),
          .left_mouth_corner = at(.435, 1.047, .03),
          .mouth = std::nullopt};
}

TEST(FacePose, IsThatOfAHeadWithTheMeanProportions) {
  for (const double yaw : {-40., 0., 25.}) {
    for (const double roll : {-30., 0., 15.}) {
      const auto pose = head_pose(five({.yaw = yaw, .pitch = 0, .roll = roll}));
      ASSERT_TRUE(pose);
      EXPECT_NEAR(pose->yaw, yaw, 0.01);
      EXPECT_NEAR(pose->pitch, 0, 0.01);
      EXPECT_NEAR(pose->roll, roll, 0.01);
    }
  }
  for (const double pitch : {-30., 20.}) {
    const auto pose = head_pose(five({.yaw = 0, .pitch = pitch, .roll = 10}));
    ASSERT_TRUE(pose);
    EXPECT_NEAR(pose->pitch, pitch, 0.01);
    EXPECT_NEAR(pose->yaw, 0, 0.01);
  }
}

TEST(FacePose, ComesFromEyesNoseAndTheMouthsMiddleToo) {
  const Turned at{.yaw = 20, .pitch = 0, .roll = 5};
  const auto pose = head_pose({.right_eye = at(-.5, 0, 0),
                               .left_eye = at(.5, 0, 0),
                               .nose = at(0, .543, .43),
                               .right_mouth_corner = std::nullopt,
                               .left_mouth_corner = std::nullopt,
                               .mouth = at(0, 1.082, .03)});
  ASSERT_TRUE(pose);
  EXPECT_NEAR(pose->yaw, 20, 0.01);
  EXPECT_NEAR(pose->pitch, 0, 0.01);
  EXPECT_NEAR(pose->roll, 5, 0.01);
}

TEST(FacePose, OfAPrintThatIsTurnedStaysZero) {
  // A flat picture of a frontal face: everything becomes narrower alike.
  Landmarks print = five({});
  const auto narrow = [](Point p) { return Point{200 + (p.x - 200) * std::cos(0.6), p.y}; };
  print = {.right_eye = narrow(print.right_eye),
           .left_eye = narrow(print.left_eye),
           .nose = narrow(*print.nose),
           .right_mouth_corner = narrow(*print.right_mouth_corner),
           .left_mouth_corner = narrow(*print.left_mouth_corner),
           .mouth = std::nullopt};
  const auto pose = head_pose(print);
  ASSERT_TRUE(pose);
  EXPECT_NEAR(pose->yaw, 0, 0.01);
}

TEST(FacePose, NeedsANoseAndAMouth) {
  Landmarks face = five({});
  face.nose.reset();
  EXPECT_FALSE(head_pose(face));
  face = five({});
  face.left_mouth_corner.reset();
  EXPECT_FALSE(head_pose(face));
  EXPECT_FALSE(head_pose({.right_eye = {1, 1},
                          .left_eye = {1, 1},
                          .nose = Point{1, 1},
                          .right_mouth_corner = Point{1, 1},
                          .left_mouth_corner = Point{1, 1},
                          .mouth = std::nullopt}));
}

}  // namespace
}  // namespace durward
