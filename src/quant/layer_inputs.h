// What the weights of each layer meet on calibration inputs: the second moments of the patches that
// its window takes from the quantised input. They say how much an error of the weights matters
// (quant/reconstruct.h). Sums are of integers, so they are exact, and the same for any number of
// threads and any order of samples; memory depends on the graph and not on their number.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/calibration.h"
#include "quant/layers.h"

namespace durward {

// Which values a layer's weights meet: layers that look at the same tensor through the same window
// share them, as the copies of a layer do in rewritten graphs.
struct PatchSource {
  TensorId input;
  std::array<int64_t, 2> kernel = {1, 1}, stride = {1, 1}, dilation = {1, 1};  // rows, columns
  std::array<int64_t, 2> padding = {0, 0};                                     // top, left
  std::array<int64_t, 2> outputs = {1, 1};
  int64_t groups = 1;  // of a depthwise layer: its input channels
  auto operator<=>(const PatchSource&) const = default;
};

[[nodiscard]] PatchSource patch_source(const Graph& graph, const Layer& layer);

// Of patches in steps of the input's scale, less its zero point: [rows, columns, channels of the
// group], in the order of the weights of an output channel.
struct PatchMoments {
  int64_t depth = 0;              // values of a patch
  int64_t count = 0;              // patches
  std::vector<int64_t> sums;      // [groups, depth]
  std::vector<int64_t> products;  // [groups, depth, depth], symmetric
};

using LayerInputs = std::map<PatchSource, PatchMoments>;

// Deeper layers are left out: their products would take too much memory.
inline constexpr int64_t kDeepestPatch = 1024;
// Of a sample, at most so many patches are taken, evenly spaced.
inline constexpr int64_t kPatchesPerSample = 64;

// Of the layers of a float graph that are int8 in `quantised`, made of it. Errors: those of the
// source; InvalidArgument for a view of the wrong size; Cancelled.
[[nodiscard]] absl::StatusOr<LayerInputs> observe_layer_inputs(const Graph& graph,
                                                               const Graph& quantised,
                                                               const ActivationSource& source,
                                                               const CalibrationOptions& options);

}  // namespace durward
