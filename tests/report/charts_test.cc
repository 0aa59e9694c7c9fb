#include "report/charts.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <regex>

namespace durward {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

double phi(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

std::vector<std::pair<double, double>> points_of(const std::string& svg) {
  std::smatch list;
  std::regex_search(svg, list, std::regex("polyline points=\"([^\"]*)\""));
  const std::string text = list[1];
  std::vector<std::pair<double, double>> points;
  static const std::regex kPoint("([0-9.-]+),([0-9.-]+)");
  for (std::sregex_iterator it(text.begin(), text.end(), kPoint), last; it != last; ++it) {
    points.emplace_back(std::stod((*it)[1]), std::stod((*it)[2]));
  }
  return points;
}

TEST(DetChart, DrawsNormalScoresAsAStraightLine) {
  DetSeries series{"normal", {}, 0.0228};
  for (double z = -3; z <= -0.5; z += 0.125) series.points.emplace_back(phi(z), phi(-3.5 - z));
  const auto points = points_of(det_chart({series}, std::nullopt).string());
  ASSERT_EQ(points.size(), 21u);
  const double slope =
      (points.back().second - points.front().second) / (points.back().first - points.front().first);
  EXPECT_GT(slope, 0);  // down to the right: pixels count from the top
  for (const auto& [x, y] : points) {
    EXPECT_NEAR(y, points.front().second + slope * (x - points.front().first), 0.15);
  }
}

TEST(DetChart, MarksWhatTheTrialsCannotSupport) {
  const DetSeries series{"a", {{1e-4, 0.1}, {1e-2, 0.01}}, std::nullopt};
  EXPECT_THAT(det_chart({series}, 3e-4).string(), HasSubstr("class=\"unsupported\""));
  EXPECT_THAT(det_chart({series}, 3e-6).string(), Not(HasSubstr("class=\"unsupported\"")));
}

TEST(Charts, AreEmptyWithoutData) {
  EXPECT_TRUE(det_chart({}, 1e-3).empty());
  EXPECT_TRUE(det_chart({{"a", {}, std::nullopt}}, 1e-3).empty());
  EXPECT_TRUE(layer_chart({}).empty());
  EXPECT_TRUE(tradeoff_chart({}, "x", "y", "z").empty());
  EXPECT_TRUE(latency_chart({}).empty());
  EXPECT_TRUE(training_chart({}).empty());
  EXPECT_TRUE(training_chart({{"a", {{0, 1}}}}).empty());
}

TEST(TrainingChart, DrawsLossesInProportion) {
  const std::string svg = training_chart({{"Held out", {{0, 4}, {10, 2}, {40, 1}}}}).string();
  EXPECT_THAT(svg, HasSubstr("Held out: from 4 to 1."));
  const auto points = points_of(svg);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_NEAR((points[2].first - points[0].first) / (points[1].first - points[0].first), 4, 0.01);
  EXPECT_NEAR((points[2].second - points[0].second) / (points[1].second - points[0].second), 1.5,
              0.01);
  EXPECT_GT(points[2].second, points[0].second);  // pixels count from the top
}

TEST(LatencyChart, DrawsBarsInProportion) {
  const std::string svg =
      latency_chart({{"A", "fp32", false, 4.0, std::nullopt}, {"A", "int8", true, 1.0, 1.5}})
          .string();
  std::vector<double> widths;
  static const std::regex kBar("width=\"([0-9.]+)\" height=\"18.0\" class=\"bar (float|int8)\"");
  for (std::sregex_iterator it(svg.begin(), svg.end(), kBar), last; it != last; ++it) {
    widths.push_back(std::stod((*it)[1]));
  }
  ASSERT_EQ(widths.size(), 2u);
  EXPECT_NEAR(widths[0], 4 * widths[1], 0.3);
}

TEST(LayerChart, FindsTheWeakestLayers) {
  const std::vector<LayerBar> layers = {
      {"a", 30, true}, {"b", 12, true}, {"c", 25, false}, {"d", 12, true}};
  EXPECT_EQ(weakest_layers(layers, 3), (std::vector<size_t>{1, 3, 2}));
  EXPECT_THAT(layer_chart(layers).string(), HasSubstr("the weakest is b with 12 decibels"));
}

}  // namespace
}  // namespace durward
