#include <algorithm>
#include <array>
#include <cmath>

#include "biometrics/det.h"
#include "report/charts.h"
#include "report/format.h"
#include "report/svg.h"

namespace durward {
namespace {

constexpr double kWidth = 720, kHeight = 500;
constexpr double kLeft = 78, kRight = 700, kTop = 14, kBottom = 440;

constexpr std::array kTicks = {1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 5e-3, 1e-2, 2e-2,
                               5e-2, 0.1,  0.2,  0.3,  0.5,  0.7,  0.9,  0.99};

double tick_below(double rate) {
  const auto above = std::upper_bound(kTicks.begin(), kTicks.end(), rate);
  return above == kTicks.begin() ? kTicks.front() : *(above - 1);
}

double tick_above(double rate) {
  const auto above = std::lower_bound(kTicks.begin(), kTicks.end(), rate);
  return above == kTicks.end() ? kTicks.back() : *above;
}

struct Range {
  double least = 1, most = 0;
  void include(double rate) {
    if (!(rate > 0 && rate < 1)) return;
    least = std::min(least, rate);
    most = std::max(most, rate);
  }
};

Scale probit_scale(const Range& range, double from_pixel, double to_pixel) {
  return {probit(tick_below(range.least)), probit(tick_above(range.most)), from_pixel, to_pixel};
}

// Beyond that nobody sets a threshold.
constexpr double kMostFar = 0.5;

// "1 %", "0.001 %".
std::string rate_tick(double rate) { return tick_text(rate * 100) + " %"; }

void draw_axes(const Scale& x, const Scale& y, Svg& svg) {
  double last_label = -1e9;
  for (const double tick : kTicks) {
    const double place = x(probit(tick));
    if (place < kLeft - 0.5 || place > kRight + 0.5) continue;
    svg.line({place, kTop}, {place, kBottom}, "grid");
    if (place - last_label < 52) continue;
    last_label = place;
    svg.text({place, kBottom + 18}, rate_tick(tick), Anchor::kMiddle);
  }
  last_label = 1e9;
  for (const double tick : kTicks) {
    const double place = y(probit(tick));
    if (place < kTop - 0.5 || place > kBottom + 0.5) continue;
    svg.line({kLeft, place}, {kRight, place}, "grid");
    if (last_label - place < 15) continue;
    last_label = place;
    svg.text({kLeft - 8, place + 4}, rate_tick(tick), Anchor::kEnd);
  }
  svg.text({(kLeft + kRight) / 2, kBottom + 44},
           "False accept rate (FAR): impostors let in, probit scale", Anchor::kMiddle, "axis");
  svg.vertical_text({16, (kTop + kBottom) / 2},
                    "False reject rate (FRR): genuine users turned away");
}

void draw_diagonal(const Scale& x, const Scale& y, Svg& svg) {
  const double from = std::max(x.from_value, y.from_value);
  const double to = std::min(x.to_value, y.to_value);
  if (from >= to) return;
  svg.line({x(from), y(from)}, {x(to), y(to)}, "diagonal");
  svg.text({x(to) - 6, y(to) + 16}, "FAR = FRR", Anchor::kEnd);
}

}  // namespace

Html det_chart(const std::vector<DetSeries>& series, std::optional<double> least_far,
               std::string_view caption) {
  Range fars, frrs;
  std::string description =
      "Detection error trade-off: false reject rate against false accept rate.";
  for (const DetSeries& one : series) {
    for (const auto& [far, frr] : one.points) {
      if (far > kMostFar) break;
      fars.include(far);
      frrs.include(frr);
    }
    if (one.eer)
      description += " " + one.name + ": equal error rate " + percent_text(*one.eer) + ".";
  }
  if (fars.least > fars.most || frrs.least > frrs.most) return {};
  const Scale x = probit_scale(fars, kLeft, kRight), y = probit_scale(frrs, kBottom, kTop);
  Svg svg(kWidth, kHeight, description);
  if (least_far && *least_far > 0 && *least_far < 1) {
    const double end = std::min(x(probit(*least_far)), kRight);
    if (end > kLeft) {
      svg.rectangle({kLeft, kTop}, end - kLeft, kBottom - kTop, "unsupported");
      if (end - kLeft > 40) {
        svg.text({kLeft + 6, kBottom - 8}, "too few trials", Anchor::kStart);
      }
    }
  }
  draw_axes(x, y, svg);
  draw_diagonal(x, y, svg);
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < series.size(); ++i) {
    std::vector<SvgPoint> line;
    for (const auto& [far, frr] : series[i].points) {
      if (far > 0 && far <= kMostFar && frr > 0 && frr < 1)
        line.push_back({x(probit(far)), y(probit(frr))});
    }
    if (line.empty()) continue;
    svg.polyline(line, "curve " + series_class(i));
    std::string name = series[i].name;
    if (series[i].eer) name += ", EER " + percent_text(*series[i].eer);
    entries.push_back({std::move(name), line_swatch(series_class(i))});
  }
  svg.rectangle({kLeft, kTop}, kRight - kLeft, kBottom - kTop, "frame");
  return figure(svg.finish(), legend(entries), caption);
}

}  // namespace durward
