#include <algorithm>

#include "report/charts.h"
#include "report/format.h"
#include "report/svg.h"

namespace durward {
namespace {

constexpr double kWidth = 720, kLeft = 240, kRight = 620, kTop = 8;
constexpr double kBarHeight = 18, kPitch = 24, kGroupGap = 12;

}  // namespace

Html latency_chart(const std::vector<LatencyBar>& bars) {
  if (bars.empty()) return {};
  double most = 0, height = kTop;
  std::string description = "Latency for one image.";
  for (size_t i = 0; i < bars.size(); ++i) {
    most = std::max({most, bars[i].median_ms, bars[i].p90_ms.value_or(0)});
    height += kPitch + (i > 0 && bars[i].runtime != bars[i - 1].runtime ? kGroupGap : 0);
    description += " " + bars[i].runtime + " " + bars[i].variant + ": " +
                   milliseconds_text(bars[i].median_ms) + ".";
  }
  const std::vector<double> ticks = round_ticks(most, 5);
  const Scale x{0, ticks.back(), kLeft, kRight};
  Svg svg(kWidth, height + 44, description);
  for (const double tick : ticks) {
    svg.line({x(tick), kTop}, {x(tick), height}, "grid");
    svg.text({x(tick), height + 16}, tick_text(tick), Anchor::kMiddle);
  }
  svg.text({(kLeft + kRight) / 2, height + 38},
           "Milliseconds for one image: median, and 90th percentile", Anchor::kMiddle, "axis");
  double top = kTop;
  for (size_t i = 0; i < bars.size(); ++i) {
    const LatencyBar& bar = bars[i];
    if (i > 0 && bar.runtime != bars[i - 1].runtime) top += kGroupGap;
    const double middle = top + kPitch / 2;
    svg.text({kLeft - 8, middle + 4}, bar.runtime + ", " + bar.variant, Anchor::kEnd, "label");
    svg.rectangle({kLeft, middle - kBarHeight / 2}, x(bar.median_ms) - kLeft, kBarHeight,
                  bar.integer ? "bar int8" : "bar float");
    double end = x(bar.median_ms);
    if (bar.p90_ms) {
      const double p90 = x(*bar.p90_ms);
      svg.line({end, middle}, {p90, middle}, "whisker");
      svg.line({p90, middle - 5}, {p90, middle + 5}, "whisker");
      end = std::max(end, p90);
    }
    svg.text({end + 8, middle + 4}, milliseconds_text(bar.median_ms), Anchor::kStart, "label");
    top += kPitch;
  }
  return figure(svg.finish(),
                legend({{"int8", box_swatch("bar int8")}, {"float", box_swatch("bar float")}}),
                "Latency of one image in each runtime; shorter is better.");
}

}  // namespace durward
