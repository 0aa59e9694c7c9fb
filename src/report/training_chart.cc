#include <algorithm>

#include "report/charts.h"
#include "report/svg.h"

namespace durward {
namespace {

constexpr double kWidth = 720, kHeight = 320;
constexpr double kLeft = 78, kRight = 706, kTop = 24, kBottom = 260;

}  // namespace

Html training_chart(const std::vector<TrainingSeries>& series) {
  double last_step = 0, largest = 0;
  std::string description = "Loss over the steps of fine-tuning.";
  for (const TrainingSeries& line : series) {
    for (const auto& [step, loss] : line.points) {
      last_step = std::max(last_step, step);
      largest = std::max(largest, loss);
    }
    if (line.points.empty()) continue;
    description += " " + line.name + ": from " + tick_text(line.points.front().second) + " to " +
                   tick_text(line.points.back().second) + ".";
  }
  if (last_step <= 0 || largest <= 0) return {};
  const std::vector<double> steps = round_ticks(last_step, 6), losses = round_ticks(largest, 5);
  const Scale x{0, last_step, kLeft, kRight};
  const Scale y{0, losses.back(), kBottom, kTop};
  Svg svg(kWidth, kHeight, description);
  for (const double tick : steps) {
    if (tick > last_step) break;
    svg.line({x(tick), kTop}, {x(tick), kBottom}, "grid");
    svg.text({x(tick), kBottom + 18}, tick_text(tick), Anchor::kMiddle);
  }
  for (const double tick : losses) {
    svg.line({kLeft, y(tick)}, {kRight, y(tick)}, "grid");
    svg.text({kLeft - 8, y(tick) + 4}, tick_text(tick), Anchor::kEnd);
  }
  svg.line({kLeft, kBottom}, {kRight, kBottom}, "axis-line");
  svg.text({(kLeft + kRight) / 2, kBottom + 42}, "Step", Anchor::kMiddle, "axis");
  svg.vertical_text({16, (kTop + kBottom) / 2}, "Loss");
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < series.size(); ++i) {
    std::vector<SvgPoint> points;
    for (const auto& [step, loss] : series[i].points) points.push_back({x(step), y(loss)});
    svg.polyline(points, "curve " + series_class(i));
    entries.push_back({series[i].name, line_swatch("curve " + series_class(i))});
  }
  return figure(svg.finish(), legend(entries),
                "1 - cosine to the float model's embedding, and how far the cosines between "
                "pictures are from the float model's.");
}

}  // namespace durward
