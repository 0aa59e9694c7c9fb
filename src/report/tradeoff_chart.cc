#include <algorithm>
#include <cmath>

#include "report/charts.h"
#include "report/format.h"
#include "report/svg.h"

namespace durward {
namespace {

constexpr double kWidth = 720, kHeight = 350;
constexpr double kLeft = 78, kRight = 706, kTop = 48, kBottom = 294;
constexpr double kNumberWidth = 17, kNumberHeight = 14;

// Where the number of each point stands above the frame: over its point, a row higher where it
// would lie on another number.
std::vector<SvgPoint> number_places(const std::vector<SvgPoint>& points) {
  std::vector<SvgPoint> places;
  for (const SvgPoint& point : points) {
    SvgPoint place{point.x, kTop - 6};
    const auto taken = [&](const SvgPoint& other) {
      return other.y == place.y && std::abs(other.x - place.x) < kNumberWidth;
    };
    while (std::any_of(places.begin(), places.end(), taken)) place.y -= kNumberHeight;
    places.push_back(place);
  }
  return places;
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
  const RateAxis axis = rate_axis(points);
  const Scale y{axis.least, axis.most, kBottom, kTop};
  Svg svg(kWidth, kHeight, description);
  for (const double tick : ticks) {
    svg.line({x(tick), kTop}, {x(tick), kBottom}, "grid");
    svg.text({x(tick), kBottom + 18}, tick_text(tick), Anchor::kMiddle);
  }
  for (double tick = axis.least; tick <= axis.most + axis.step / 2; tick += axis.step) {
    const double place = y(std::min(tick, axis.most));
    svg.line({kLeft, place}, {kRight, place}, "grid");
    svg.text({kLeft - 8, place + 4}, tick_text(std::round(tick * 1e6) / 1e4) + " %", Anchor::kEnd);
  }
  svg.line({kLeft, kBottom}, {kRight, kBottom}, "axis-line");
  svg.text({(kLeft + kRight) / 2, kBottom + 42}, cost, Anchor::kMiddle, "axis");
  svg.vertical_text({16, (kTop + kBottom) / 2}, tar);

  std::vector<SvgPoint> places;
  for (const TradeoffPoint& point : points) places.push_back({x(point.cost), y(point.tar)});
  const std::vector<SvgPoint> numbers = number_places(places);
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < points.size(); ++i) {
    const TradeoffPoint& point = points[i];
    svg.line({places[i].x, kTop}, places[i], "leader");
    if (point.interval) {
      const double top = y(point.interval->second), bottom = y(point.interval->first);
      svg.line({places[i].x, top}, {places[i].x, bottom}, "whisker");
      svg.line({places[i].x - 4, top}, {places[i].x + 4, top}, "whisker");
      svg.line({places[i].x - 4, bottom}, {places[i].x + 4, bottom}, "whisker");
    }
    const Marker shape = point.integer ? Marker::kSquare : Marker::kCircle;
    const char* css_class = point.integer ? "mark int8" : "mark float";
    svg.marker(shape, places[i], css_class);
    svg.text(numbers[i], std::to_string(i + 1), Anchor::kMiddle, "strong");
    entries.push_back(
        {std::to_string(i + 1) + ": " + point.label, marker_swatch(shape, css_class)});
  }
  return figure(svg.finish(), legend(entries), caption);
}

}  // namespace durward
