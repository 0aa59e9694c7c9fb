// The report's charts. Each takes plain numbers and gives a whole <figure>; nothing where there is
// nothing to draw.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/html.h"

namespace durward {

struct DetSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;  // (FAR, FRR), FAR ascending
  std::optional<double> eer;
};
inline constexpr std::string_view kCompressionDetCaption =
    "Detection error trade-off (DET). Lower and further left is better; lines that lie on each "
    "other mean that compression cost nothing there.";
// On probit axes. `least_far` is the smallest FAR that the trials support; left of it is hatched.
[[nodiscard]] Html det_chart(const std::vector<DetSeries>& series, std::optional<double> least_far,
                             std::string_view caption = kCompressionDetCaption);

struct LayerBar {
  std::string name;
  double snr_db = 0;
  bool integer = true;  // runs in integers; else it was left in float
};
// In the order of execution; the weakest are numbered from 1 as in the table of weakest_layers().
[[nodiscard]] Html layer_chart(const std::vector<LayerBar>& layers);
// Indices of at most `count` layers, lowest signal-to-noise ratio first.
[[nodiscard]] std::vector<size_t> weakest_layers(const std::vector<LayerBar>& layers, size_t count);

struct TradeoffPoint {
  std::string label;
  bool integer = false;
  double cost = 0;  // on the x axis, >= 0
  double tar = 0;
  std::optional<std::pair<double, double>> interval;
};
// TAR against a cost: latency, size.
[[nodiscard]] Html tradeoff_chart(const std::vector<TradeoffPoint>& points, std::string_view cost,
                                  std::string_view tar, std::string_view caption);

struct LatencyBar {
  std::string runtime, variant;
  bool integer = false;
  double median_ms = 0;
  std::optional<double> p90_ms;
};
[[nodiscard]] Html latency_chart(const std::vector<LatencyBar>& bars);

struct ArenaBar {
  std::string name;
  double offset = 0, bytes = 0;
  double first_step = 0, last_step = 0;
};
// Where each tensor lies in the arena at which step; `bytes` are the arena's, at least 1.
[[nodiscard]] Html arena_chart(const std::vector<ArenaBar>& tensors, double bytes, double steps);

struct TrainingSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;  // (step, loss), steps ascending
};
[[nodiscard]] Html training_chart(const std::vector<TrainingSeries>& series);

}  // namespace durward
