#include <algorithm>
#include <numeric>

#include "report/charts.h"
#include "report/svg.h"

namespace durward {
namespace {

constexpr double kWidth = 720, kHeight = 320;
constexpr double kLeft = 56, kRight = 706, kTop = 24, kBottom = 268;
constexpr size_t kNumbered = 5;

}  // namespace

std::vector<size_t> weakest_layers(const std::vector<LayerBar>& layers, size_t count) {
  std::vector<size_t> order(layers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return layers[a].snr_db < layers[b].snr_db; });
  order.resize(std::min(order.size(), count));
  return order;
}

Html layer_chart(const std::vector<LayerBar>& layers) {
  if (layers.empty()) return {};
  double most = 1;
  for (const LayerBar& layer : layers) most = std::max(most, layer.snr_db);
  const std::vector<double> ticks = round_ticks(most, 5);
  const Scale y{0, ticks.back(), kBottom, kTop};
  const std::vector<size_t> weakest = weakest_layers(layers, kNumbered);
  Svg svg(kWidth, kHeight,
          "Signal-to-noise ratio of " + std::to_string(layers.size()) +
              " layers in decibels; the weakest is " + layers[weakest[0]].name + " with " +
              tick_text(layers[weakest[0]].snr_db) + " decibels.");
  for (const double tick : ticks) {
    svg.line({kLeft, y(tick)}, {kRight, y(tick)}, "grid");
    svg.text({kLeft - 8, y(tick) + 4}, tick_text(tick), Anchor::kEnd);
  }
  const double pitch = (kRight - kLeft) / static_cast<double>(layers.size());
  const double width = std::min(pitch * 0.76, 26.0);
  const auto middle = [&](size_t index) {
    return kLeft + (static_cast<double>(index) + 0.5) * pitch;
  };
  bool any_float = false;
  for (size_t i = 0; i < layers.size(); ++i) {
    const double top = y(std::max(layers[i].snr_db, 0.0));
    svg.rectangle({middle(i) - width / 2, top}, width, kBottom - top,
                  layers[i].integer ? "bar int8" : "bar float");
    any_float = any_float || !layers[i].integer;
  }
  for (size_t rank = 0; rank < weakest.size(); ++rank) {
    const double top = y(std::max(layers[weakest[rank]].snr_db, 0.0));
    svg.text({middle(weakest[rank]), top - 5}, std::to_string(rank + 1), Anchor::kMiddle, "strong");
  }
  svg.line({kLeft, kBottom}, {kRight, kBottom}, "axis-line");
  svg.text({kLeft, kBottom + 18}, "input", Anchor::kStart);
  svg.text({kRight, kBottom + 18}, "embedding", Anchor::kEnd);
  svg.text({(kLeft + kRight) / 2, kBottom + 36}, "Layers in the order in which they run",
           Anchor::kMiddle, "axis");
  svg.vertical_text({14, (kTop + kBottom) / 2}, "Signal-to-noise ratio, dB");
  std::vector<LegendEntry> entries;
  if (any_float) {
    entries = {{"runs in integers", box_swatch("bar int8")},
               {"left in float", box_swatch("bar float")}};
  }
  return figure(svg.finish(), entries.empty() ? Html() : legend(entries),
                "How much of each layer's signal survives: the float layer's power over that of "
                "the difference to the quantised one. 10 dB less is ten times the noise. The "
                "numbers mark the weakest layers, listed below.");
}

}  // namespace durward
