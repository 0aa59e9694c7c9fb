#include "vision/face_pose.h"

#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

namespace durward {
namespace {

using Vector3 = std::array<double, 3>;

// A point of the mean face: in distances of the eyes, from the middle between them; x to the
// person's left, y down, z away from the camera. Across the picture these are the means of what the
// detectors find on 90 pictures for calibration; the nose's tip stands out by 27 mm where the eyes
// are 63 mm apart (L. Farkas, "Anthropometry of the head and face", 1994).
constexpr double kNoseDepth = -0.43, kMouthDepth = -0.03;
constexpr std::array<Vector3, 5> kFivePoints = {{{-0.5, 0, 0},
                                                 {0.5, 0, 0},
                                                 {0, 0.573, kNoseDepth},
                                                 {-0.435, 1.047, kMouthDepth},
                                                 {0.435, 1.047, kMouthDepth}}};
// BlazeFace places the nose and the mouth otherwise than YuNet.
constexpr std::array<Vector3, 4> kFourPoints = {
    {{-0.5, 0, 0}, {0.5, 0, 0}, {0, 0.543, kNoseDepth}, {0, 1.082, kMouthDepth}}};

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector3 cross(const Vector3& a, const Vector3& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

// How the picture's two directions lie in the face: x = right . P and y = down . P for the points P
// of the mean face, by least squares.
struct Projection {
  Vector3 right, down;
};

Projection project(std::span<const Vector3> model, std::span<const Point> points) {
  const auto count = static_cast<double>(model.size());
  Vector3 model_mean{};
  Point mean;
  for (size_t i = 0; i < model.size(); ++i) {
    for (size_t k = 0; k < 3; ++k) model_mean[k] += model[i][k] / count;
    mean.x += points[i].x / count;
    mean.y += points[i].y / count;
  }
  std::array<Vector3, 3> normal{};  // of the least squares: M^T M
  Vector3 x_side{}, y_side{};
  for (size_t i = 0; i < model.size(); ++i) {
    Vector3 p{};
    for (size_t k = 0; k < 3; ++k) p[k] = model[i][k] - model_mean[k];
    for (size_t k = 0; k < 3; ++k) {
      for (size_t l = 0; l < 3; ++l) normal[k][l] += p[k] * p[l];
      x_side[k] += p[k] * (points[i].x - mean.x);
      y_side[k] += p[k] * (points[i].y - mean.y);
    }
  }
  // The models are fixed and span space: the matrix has an inverse, by its cofactors.
  const std::array<Vector3, 3> cofactors = {
      cross(normal[1], normal[2]), cross(normal[2], normal[0]), cross(normal[0], normal[1])};
  const double determinant = dot(normal[0], cofactors[0]);
  const auto solve = [&](const Vector3& side) {
    Vector3 solved{};
    for (size_t k = 0; k < 3; ++k) {
      for (size_t l = 0; l < 3; ++l) solved[k] += cofactors[l][k] * side[l] / determinant;
    }
    return solved;
  };
  return {solve(x_side), solve(y_side)};
}

double degrees(double y, double x) { return std::atan2(y, x) * 180 / std::numbers::pi; }

}  // namespace

std::optional<HeadPose> head_pose(const Landmarks& face) {
  if (!face.nose) return std::nullopt;
  std::span<const Vector3> model;
  std::vector<Point> points = {face.right_eye, face.left_eye, *face.nose};
  if (face.right_mouth_corner && face.left_mouth_corner) {
    model = kFivePoints;
    points.insert(points.end(), {*face.right_mouth_corner, *face.left_mouth_corner});
  } else if (face.mouth) {
    model = kFourPoints;
    points.push_back(*face.mouth);
  } else {
    return std::nullopt;
  }
  const auto [right, down] = project(model, points);
  const double size = std::hypot(dot(right, right), dot(down, down));
  if (!std::isfinite(size) || size == 0) return std::nullopt;
  const Point eyes{face.left_eye.x - face.right_eye.x, face.left_eye.y - face.right_eye.y};
  // A roll moves the picture's directions, not the face's: it is taken out first.
  const double length = std::hypot(eyes.x, eyes.y);
  if (length == 0) return std::nullopt;
  const double c = eyes.x / length, s = eyes.y / length;
  Vector3 across{}, along{};  // the picture's directions in the face, upright
  for (size_t k = 0; k < 3; ++k) {
    across[k] = c * right[k] + s * down[k];
    along[k] = -s * right[k] + c * down[k];
  }
  return HeadPose{.yaw = degrees(-across[2], std::hypot(across[0], across[1])),
                  .pitch = degrees(along[2], std::hypot(along[0], along[1])),
                  .roll = degrees(eyes.y, eyes.x)};
}

}  // namespace durward
