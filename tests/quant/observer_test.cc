#include "quant/observer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "quant/small_nets.h"

namespace durward {
namespace {

// Statistics of one channel as calibration would have them.
TensorStatistics seen(const std::vector<float>& values) {
  TensorStatistics statistics(1);
  for (const float value : values) {
    statistics.minimum[0] = std::min(statistics.minimum[0], value);
    statistics.maximum[0] = std::max(statistics.maximum[0], value);
    statistics.histograms.grow(0, std::abs(value));
    statistics.histograms.add(0, value);
  }
  return statistics;
}

QuantParams observed(const TensorStatistics& statistics, Observer kind, double percentile = 99) {
  const TensorStatistics* const tensors[] = {&statistics};
  return observe(tensors, {kind, percentile});
}

double lowest(const QuantParams& p) { return p.scales[0] * (-128.0 - p.zero_points[0]); }
double highest(const QuantParams& p) { return p.scales[0] * (127.0 - p.zero_points[0]); }

double squared_error(const std::vector<float>& values, const QuantParams& params) {
  double error = 0;
  for (const float value : values) {
    const double q = std::clamp(
        std::nearbyint(double{value} / params.scales[0]) + params.zero_points[0], -128.0, 127.0);
    const double difference = (q - params.zero_points[0]) * params.scales[0] - value;
    error += difference * difference;
  }
  return error;
}

TEST(ParamsForRange, RepresentZeroExactlyAndCoverTheRange) {
  for (const auto& [low, high] : {std::pair{-1.0, 3.0}, {0.0, 6.0}, {-2.0, 0.0}, {1.0, 5.0}}) {
    const QuantParams params = params_for_range(low, high);
    EXPECT_GE(params.zero_points[0], -128);
    EXPECT_LE(params.zero_points[0], 127);
    EXPECT_NEAR(lowest(params), std::min(low, 0.0), params.scales[0] * 0.51);
    EXPECT_NEAR(highest(params), high, params.scales[0] * 0.51);
  }
  EXPECT_GT(params_for_range(0, 0).scales[0], 0);
}

TEST(Observe, MinMaxCoversEverything) {
  const QuantParams params = observed(seen({-1, 0.5f, 100}), Observer::kMinMax);
  EXPECT_NEAR(highest(params), 100, 0.4);
  EXPECT_NEAR(lowest(params), -1, 0.4);
}

TEST(Observe, PercentileLeavesOutThatShareOfEitherEnd) {
  std::vector<float> values;
  for (int i = -1000; i <= 1000; ++i) values.push_back(static_cast<float>(i));
  const QuantParams params = observed(seen(values), Observer::kPercentile, 95);
  EXPECT_NEAR(lowest(params), -900, 12);
  EXPECT_NEAR(highest(params), 900, 12);
}

TEST(Observe, MseComesCloseToTheBestRangeOfAll) {
  Random random(3);
  for (const double outlier : {1.0, 4.0, 20.0}) {
    std::vector<float> values = gaussian(random, 20'000, 1);
    values[7] = static_cast<float>(outlier * 5);
    for (size_t i = 0; i < 4000; ++i) values[i * 5 + 1] = 0;
    double best = std::numeric_limits<double>::infinity();
    for (int low = 1; low <= 60; ++low) {
      for (int high = 1; high <= 60; ++high) {
        const double largest = *std::max_element(values.begin(), values.end());
        best = std::min(
            best, squared_error(values, params_for_range(-5.0 * low / 60, largest * high / 60)));
      }
    }
    const double found = squared_error(values, observed(seen(values), Observer::kMse));
    EXPECT_LT(found, 1.05 * best) << outlier;
    EXPECT_LE(found, 1.01 * squared_error(values, observed(seen(values), Observer::kMinMax)));
  }
}

TEST(Observe, MseFindsTheSpacingOfPictures) {
  TensorStatistics statistics(1);
  statistics.minimum[0] = 0;
  statistics.maximum[0] = 255;
  for (int i = 0; i < 256; ++i) statistics.values.emplace_back(static_cast<float>(i), 10);
  statistics.histograms.grow(0, 255);
  for (int i = 0; i < 256; ++i) statistics.histograms.add(0, static_cast<float>(i));
  const QuantParams params = observed(statistics, Observer::kMse);
  EXPECT_EQ(params.scales[0], 1.0f);
  EXPECT_EQ(params.zero_points[0], -128);
}

TEST(Observe, TensorsThatShareParametersAreAllCovered) {
  const TensorStatistics a = seen({-4, 1}), b = seen({-1, 9});
  const TensorStatistics* const tensors[] = {&a, &b};
  const QuantParams params = observe(tensors, {Observer::kMinMax, 0});
  EXPECT_NEAR(lowest(params), -4, 0.06);
  EXPECT_NEAR(highest(params), 9, 0.06);
}

}  // namespace
}  // namespace durward
