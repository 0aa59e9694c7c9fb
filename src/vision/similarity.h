// Similarity transforms of the plane: rotation, one scale, translation; no reflection.
#pragma once

#include <span>

#include "base/status.h"
#include "vision/face.h"

namespace durward {

// (x, y) -> (a x - b y + tx, b x + a y + ty); the scale is hypot(a, b), the angle atan2(b, a).
struct Similarity {
  double a = 1;
  double b = 0;
  double tx = 0;
  double ty = 0;

  [[nodiscard]] Point operator()(Point p) const {
    return {a * p.x - b * p.y + tx, b * p.x + a * p.y + ty};
  }
  [[nodiscard]] double scale() const;
};

// The similarity with the least sum of squared distances between the moved `from` and `to`
// (S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
// PAMI 13(4), 1991). In the plane, without reflection, it has the closed form that is used here.
// InvalidArgument: fewer than two pairs, unequal counts, a coordinate that is not finite, or points
// that all coincide.
[[nodiscard]] absl::StatusOr<Similarity> estimate_similarity(std::span<const Point> from,
                                                             std::span<const Point> to);

}  // namespace durward
