#include "vision/similarity.h"

#include <cmath>

namespace durward {
namespace {

Point mean(std::span<const Point> points) {
  Point sum;
  for (const Point& p : points) {
    sum.x += p.x;
    sum.y += p.y;
  }
  const auto count = static_cast<double>(points.size());
  return {sum.x / count, sum.y / count};
}

}  // namespace

double Similarity::scale() const { return std::hypot(a, b); }

// With the points taken from their means, and read as complex numbers p and q, the sum of
// |z p - q|^2 over the complex factor z = a + ib is least for z = sum(conj(p) q) / sum(|p|^2).
absl::StatusOr<Similarity> estimate_similarity(std::span<const Point> from,
                                               std::span<const Point> to) {
  if (from.size() != to.size() || from.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a similarity needs two or more pairs of points; given ", from.size(), " and ", to.size()));
  }
  const Point from_mean = mean(from), to_mean = mean(to);
  double real = 0, imaginary = 0, spread = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    const Point p{from[i].x - from_mean.x, from[i].y - from_mean.y};
    const Point q{to[i].x - to_mean.x, to[i].y - to_mean.y};
    real += p.x * q.x + p.y * q.y;
    imaginary += p.x * q.y - p.y * q.x;
    spread += p.x * p.x + p.y * p.y;
  }
  const Similarity turn{real / spread, imaginary / spread, 0, 0};
  if (!std::isfinite(turn.a) || !std::isfinite(turn.b) || turn.scale() == 0) {
    return absl::InvalidArgumentError("the points coincide or are not finite: no similarity");
  }
  const Point moved = turn(from_mean);
  return Similarity{turn.a, turn.b, to_mean.x - moved.x, to_mean.y - moved.y};
}

}  // namespace durward
