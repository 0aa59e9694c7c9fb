#include <algorithm>
#include <cmath>
#include <cstdint>

#include "report/charts.h"
#include "report/format.h"
#include "report/svg.h"

namespace durward {
namespace {

constexpr double kWidth = 720, kLeft = 78, kRight = 706;
constexpr double kPlotHeight = 246, kBelowPlot = 56;
constexpr double kNumberWidth = 17, kNumberHeight = 14;

// The row, counted upwards from the frame, in which the number of each point stands: the lowest in
// which it lies on no other number.
std::vector<int> number_rows(const std::vector<TradeoffPoint>& points, const Scale& x) {
  std::vector<int> rows;
  for (size_t i = 0; i < points.size(); ++i) {
    int row = 0;
    const auto taken = [&] {
      for (size_t earlier = 0; earlier < i; ++earlier) {
        const double distance = std::abs(x(points[earlier].cost) - x(points[i].cost));
        if (rows[earlier] == row && distance < kNumberWidth) return true;
      }
      return false;
    };
    while (taken()) ++row;
    rows.push_back(row);
  }
  return rows;
}

// A range of rates a little wider than what must be seen, ends on round values.
struct RateAxis {
  double least = 1, most = 0, step = 0.1;
};

RateAxis rate_axis(const std::vector<TradeoffPoint>& points) {
  RateAxis axis;
  for (const TradeoffPoint& point : points) {
    axis.least = std::min({axis.least, point.tar, point.interval ? point.interval->first : 1});
    axis.most = std::max({axis.most, point.tar, point.interval ? point.interval->second : 0});
  }
  const double width = std::max(axis.most - axis.least, 0.002);
  axis.step = round_ticks(width, 5)[1];
  axis.least = std::max(0.0, std::floor((axis.least - 0.1 * width) / axis.step) * axis.step);
  axis.most = std::min(1.0, std::ceil((axis.most + 0.1 * width) / axis.step) * axis.step);
  return axis;
}

}  // namespace

Html tradeoff_chart(const std::vector<TradeoffPoint>& points, std::string_view cost,
                    std::string_view tar, std::string_view caption) {
  if (points.empty()) return {};
  double most_cost = 0;
  std::string description = std::string(tar) + " against " + std::string(cost) + ".";
  for (const TradeoffPoint& point : points) {
    most_cost = std::max(most_cost, point.cost);
    description += " " + point.label + ": " + percent_text(point.tar) + " at " +
                   tick_text(std::round(point.cost * 100) / 100) + ".";
  }
  const std::vector<double> ticks = round_ticks(most_cost, 6);
  const Scale x{0, ticks.back(), kLeft, kRight};
  const std::vector<int> rows = number_rows(points, x);
  const double top = 12 + kNumberHeight * (1 + *std::max_element(rows.begin(), rows.end()));
  const double bottom = top + kPlotHeight;
  const RateAxis axis = rate_axis(points);
  const Scale y{axis.least, axis.most, bottom, top};
  Svg svg(kWidth, bottom + kBelowPlot, description);
  for (const double tick : ticks) {
    svg.line({x(tick), top}, {x(tick), bottom}, "grid");
    svg.text({x(tick), bottom + 18}, tick_text(tick), Anchor::kMiddle);
  }
  const auto steps = std::lround((axis.most - axis.least) / axis.step);
  for (int64_t i = 0; i <= steps; ++i) {
    const double tick = axis.least + axis.step * static_cast<double>(i);
    const double place = y(std::min(tick, axis.most));
    svg.line({kLeft, place}, {kRight, place}, "grid");
    svg.text({kLeft - 8, place + 4}, tick_text(std::round(tick * 1e6) / 1e4) + " %", Anchor::kEnd);
  }
  svg.line({kLeft, bottom}, {kRight, bottom}, "axis-line");
  svg.text({(kLeft + kRight) / 2, bottom + 42}, cost, Anchor::kMiddle, "axis");
  svg.vertical_text({16, (top + bottom) / 2}, tar);

  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < points.size(); ++i) {
    const TradeoffPoint& point = points[i];
    const SvgPoint place{x(point.cost), y(point.tar)};
    svg.line({place.x, top}, place, "leader");
    if (point.interval) {
      const double upper = y(point.interval->second), lower = y(point.interval->first);
      svg.line({place.x, upper}, {place.x, lower}, "whisker");
      svg.line({place.x - 4, upper}, {place.x + 4, upper}, "whisker");
      svg.line({place.x - 4, lower}, {place.x + 4, lower}, "whisker");
    }
    const Marker shape = point.integer ? Marker::kSquare : Marker::kCircle;
    const char* css_class = point.integer ? "mark int8" : "mark float";
    svg.marker(shape, place, css_class);
    const std::string number = std::to_string(i + 1);
    svg.text({place.x, top - 6 - kNumberHeight * rows[i]}, number, Anchor::kMiddle, "strong");
    entries.push_back({number + ": " + point.label, marker_swatch(shape, css_class)});
  }
  return figure(svg.finish(), legend(entries), caption);
}

}  // namespace durward
