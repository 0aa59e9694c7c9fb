#include "vision/face.h"

#include <algorithm>
#include <cmath>

namespace durward {

const Face* nearest_to_center(std::span<const Face> faces, int width, int height) {
  const auto distance = [&](const Face& face) {
    return std::hypot(face.box.x + face.box.width / 2 - width / 2.0,
                      face.box.y + face.box.height / 2 - height / 2.0);
  };
  const auto nearest =
      std::min_element(faces.begin(), faces.end(),
                       [&](const Face& a, const Face& b) { return distance(a) < distance(b); });
  return nearest == faces.end() ? nullptr : &*nearest;
}

double overlap(const Box& a, const Box& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

}  // namespace durward
