// A face in a picture. Coordinates are pixels of the picture: x to the right, y down, pixel (0, 0)
// has its centre at (0, 0). Right and left are the person's own.
#pragma once

#include <optional>
#include <span>

namespace durward {

struct Point {
  double x = 0;
  double y = 0;
};

struct Box {
  double x = 0;  // left
  double y = 0;  // top
  double width = 0;
  double height = 0;
};

// What a detector finds on a face: the eyes always, the rest where the detector knows it.
struct Landmarks {
  Point right_eye;
  Point left_eye;
  std::optional<Point> nose;  // the tip
  std::optional<Point> right_mouth_corner;
  std::optional<Point> left_mouth_corner;
  std::optional<Point> mouth;  // the middle
};

struct Face {
  Box box;
  double score = 0;  // 0..1, the detector's confidence
  Landmarks landmarks = {};
};

// The face to take where one is wanted, as in a picture for enrolment: that whose box has its
// middle nearest to the middle of the picture, as in LFW; nullptr where there is none. The first of
// equals.
[[nodiscard]] const Face* nearest_to_center(std::span<const Face> faces, int width, int height);

// Intersection over union of two boxes, 0..1; 0 where both are empty.
[[nodiscard]] double overlap(const Box& a, const Box& b);

}  // namespace durward
