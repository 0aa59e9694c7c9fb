#include "biometrics/det.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "biometrics/score_walk.h"

namespace durward {
namespace {

template <size_t N>
double polynomial(const std::array<double, N>& coefficients, double x) {
  double value = 0;
  for (const double c : coefficients) value = value * x + c;
  return value;
}

// Acklam's rational approximation for the lower tail and the middle, relative error 1.2e-9.
double approximate_probit(double p) {
  constexpr std::array kMiddleTop = {-3.969683028665376e+01, 2.209460984245205e+02,
                                     -2.759285104469687e+02, 1.383577518672690e+02,
                                     -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array kMiddleBottom = {-5.447609879822406e+01, 1.615858368580409e+02,
                                        -1.556989798598866e+02, 6.680131188771972e+01,
                                        -1.328068155288572e+01, 1.0};
  constexpr std::array kTailTop = {-7.784894002430293e-03, -3.223964580411365e-01,
                                   -2.400758277161838e+00, -2.549732539343734e+00,
                                   4.374664141464968e+00,  2.938163982698783e+00};
  constexpr std::array kTailBottom = {7.784695709041462e-03, 3.224671290700398e-01,
                                      2.445134137142996e+00, 3.754408661907416e+00, 1.0};
  if (p < 0.02425) {
    const double q = std::sqrt(-2 * std::log(p));
    return polynomial(kTailTop, q) / polynomial(kTailBottom, q);
  }
  const double q = p - 0.5, r = q * q;
  return polynomial(kMiddleTop, r) * q / polynomial(kMiddleBottom, r);
}

double normal_distribution(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

}  // namespace

double probit(double probability) {
  if (!(probability > 0)) return -std::numeric_limits<double>::infinity();
  if (!(probability < 1)) return std::numeric_limits<double>::infinity();
  if (probability > 0.5) return -probit(1 - probability);
  const double x = approximate_probit(probability);
  // One step of Halley's method brings it to double precision.
  const double error = normal_distribution(x) - probability;
  const double step = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
  return x - step / (1 + x * step / 2);
}

std::vector<DetPoint> det_curve(const ScoredTrials& scored, double resolution) {
  std::vector<DetPoint> curve;
  if (scored.genuine.empty() || scored.impostor_count == 0) return curve;
  const double genuine_count = static_cast<double>(scored.genuine.size());
  const double impostor_count = static_cast<double>(scored.impostor_count);
  int64_t genuine = 0, impostors = 0;  // above the threshold
  double next_far = 0, next_frr = 1;   // where a point is far enough from the last one kept
  std::optional<DetPoint> skipped;
  walk_scores(scored, CountOnce{}, true, [&](float score, uint64_t g, uint64_t i) {
    const DetPoint point{static_cast<double>(impostors) / impostor_count,
                         (genuine_count - static_cast<double>(genuine)) / genuine_count,
                         static_cast<double>(score)};
    genuine += static_cast<int64_t>(g);
    impostors += static_cast<int64_t>(i);
    if (point.far == 0) return true;
    if (point.frr == 0) return false;
    if (point.far < next_far && point.frr > next_frr) {
      skipped = point;
      return true;
    }
    curve.push_back(point);
    skipped.reset();
    next_far = normal_distribution(probit(point.far) + resolution);
    next_frr = normal_distribution(probit(point.frr) - resolution);
    return true;
  });
  if (skipped) curve.push_back(*skipped);
  return curve;
}

}  // namespace durward
