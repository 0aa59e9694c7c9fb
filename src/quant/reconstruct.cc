#include "quant/reconstruct.h"

#include <algorithm>
#include <cmath>

namespace durward {
namespace {

constexpr double kLargestInteger = 127;
// Of the mean of H's diagonal, added to it: inputs that calibration hardly showed still count. The
// share that GPTQ's authors use, and as much again as moments of so many values are uncertain when
// they come from so few patches: a layer that looks at a whole picture has one patch of each.
constexpr double kDamping = 0.01;
double damping(double depth, double patches) { return kDamping + depth / patches; }
constexpr int kMostSweeps = 50;

double nearest_integer(double value) {
  return std::clamp(std::nearbyint(value), -kLargestInteger, kLargestInteger);
}

}  // namespace

std::string_view to_string(Rounding rounding) {
  return rounding == Rounding::kNearest ? "nearest" : "reconstruct";
}

RoundingMetric::RoundingMetric(const PatchMoments& moments, int64_t group, bool centred)
    : depth_(static_cast<size_t>(moments.depth)), moments_(depth_ * depth_) {
  const auto first = static_cast<size_t>(group) * depth_;
  const auto count = static_cast<double>(std::max<int64_t>(moments.count, 1));
  double diagonal = 0;
  for (size_t i = 0; i < depth_; ++i) {
    const double mean = static_cast<double>(moments.sums[first + i]) / count;
    for (size_t j = 0; j < depth_; ++j) {
      double& moment = moments_[i * depth_ + j];
      moment = static_cast<double>(moments.products[(first + i) * depth_ + j]) / count;
      if (centred) moment -= mean * (static_cast<double>(moments.sums[first + j]) / count);
    }
    diagonal += at(i, i);
  }
  diagonal /= static_cast<double>(depth_);
  if (diagonal <= 0) return;
  const double share = damping(static_cast<double>(depth_), count);
  for (size_t i = 0; i < depth_; ++i) moments_[i * depth_ + i] += share * diagonal;
  factor();
}

void RoundingMetric::factor() {
  factor_.assign(depth_ * depth_, 0);
  for (size_t i = 0; i < depth_; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = at(i, j);
      const double* a = &factor_[i * depth_];
      const double* b = &factor_[j * depth_];
      for (size_t k = 0; k < j; ++k) sum -= a[k] * b[k];
      // The damping keeps the diagonal positive, but for rounding.
      factor_[i * depth_ + j] =
          i == j ? std::sqrt(std::max(sum, 1e-12 * at(i, i))) : sum / factor_[j * depth_ + j];
    }
  }
}

// With H = L L', the error is |L' (q - u)|^2, and row i of L' looks at the weights from i on: the
// last is chosen first.
std::vector<double> RoundingMetric::nearest_plane(std::span<const double> steps) const {
  std::vector<double> integers(depth_);
  std::vector<double> carried(depth_, 0);  // by row of L': of the weights that are chosen
  for (size_t i = depth_; i-- > 0;) {
    const double* row = &factor_[i * depth_];
    integers[i] = nearest_integer(steps[i] - carried[i] / row[i]);
    const double error = integers[i] - steps[i];
    for (size_t j = 0; j < i; ++j) carried[j] += row[j] * error;
  }
  return integers;
}

void RoundingMetric::descend(std::span<const double> steps, std::vector<double>& integers) const {
  std::vector<double> gradient(depth_, 0);  // H (q - u)
  const auto move = [&](size_t i, double by) {
    for (size_t j = 0; j < depth_; ++j) gradient[j] += by * at(i, j);
  };
  for (size_t i = 0; i < depth_; ++i) move(i, integers[i] - steps[i]);
  bool changed = true;
  for (int sweep = 0; sweep < kMostSweeps && changed; ++sweep) {
    changed = false;
    for (size_t i = 0; i < depth_; ++i) {
      const double best = nearest_integer(integers[i] - gradient[i] / at(i, i));
      const double by = best - integers[i];
      // Strictly better: no weight moves to and fro between equals.
      if (by * (2 * gradient[i] + by * at(i, i)) >= -1e-9 * at(i, i)) continue;
      integers[i] = best;
      move(i, by);
      changed = true;
    }
  }
}

std::vector<double> RoundingMetric::round(std::span<const double> steps) const {
  std::vector<double> nearest(depth_);
  std::transform(steps.begin(), steps.end(), nearest.begin(), nearest_integer);
  if (factor_.empty()) return nearest;
  std::vector<double> planes = nearest_plane(steps);
  descend(steps, nearest);
  descend(steps, planes);
  return error(planes, steps) < error(nearest, steps) ? planes : nearest;
}

double RoundingMetric::error(std::span<const double> integers,
                             std::span<const double> steps) const {
  double sum = 0;
  for (size_t i = 0; i < depth_; ++i) {
    double row = 0;
    for (size_t j = 0; j < depth_; ++j) row += at(i, j) * (integers[j] - steps[j]);
    sum += row * (integers[i] - steps[i]);
  }
  return sum;
}

}  // namespace durward
