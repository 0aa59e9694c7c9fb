// DepthwiseConv2D over the whole picture  =>  Reshape -> DepthwiseConv2D [H,1] -> Reshape ->
// DepthwiseConv2D [W,1]
//
// The columns become channels of their own (a reshape copies nothing), each is summed with its own
// weights, then the sums are added up. XNNPACK has fast depthwise kernels for up to 25 taps; beyond
// that one such layer costs more than all others together (docs/encodings.md).
//
// A quantiser has one scale for all sums. So that it serves them all, the weights of a column are
// divided by how large they are, and the sum is multiplied by it instead.
#include <algorithm>
#include <cmath>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

constexpr int64_t kMostFastTaps = 25;

struct ColumnWeights {
  std::vector<float> within, of_columns;  // [height, width, channels], [width, channels]
};

// The root of the sum of squares of each column: how far its sum spreads, where what it sums does
// so evenly. In 127ths of a channel's largest, which int8 weights hold without an error.
ColumnWeights even_columns(std::vector<float> weights, size_t height, size_t channels) {
  const size_t row = weights.size() / height;
  std::vector<float> factors(row);
  for (size_t column = 0; column < row; ++column) {
    double squares = 0;
    for (size_t y = 0; y < height; ++y) squares += std::pow(double{weights[y * row + column]}, 2);
    factors[column] = static_cast<float>(std::sqrt(squares));
  }
  for (size_t channel = 0; channel < channels; ++channel) {
    float largest = 0;
    for (size_t i = channel; i < row; i += channels) largest = std::max(largest, factors[i]);
    const float step = largest > 0 ? largest / 127 : 1;
    for (size_t i = channel; i < row; i += channels) {
      factors[i] = std::max(std::round(factors[i] / step), 1.0f) * step;
    }
  }
  for (size_t i = 0; i < weights.size(); ++i) weights[i] /= factors[i % row];
  return {std::move(weights), std::move(factors)};
}

bool split(Graph& graph, NodeId id) {
  const auto* op = graph.op_as<DepthwiseConv2D>(id);
  if (op == nullptr || !(op->padding == Padding{})) return false;
  const std::vector<TensorId> inputs = graph.node(id).inputs;
  const Shape x = shape_of(graph, inputs[0]);
  const Shape filter = shape_of(graph, inputs[1]);
  const int64_t height = x[1], width = x[2], channels = x[3];
  const Tensor weights = graph.tensor(inputs[1]);
  // A single row or column cannot be made any shorter.
  if (filter != Shape{1, height, width, channels} || height * width <= kMostFastTaps ||
      height == 1 || width == 1 || weights.type != DataType::kFloat32 || !weights.constant()) {
    return false;
  }
  const Activation activation = op->activation;
  const std::string name = graph.node(id).name;
  const auto named = [&](std::string_view part) {
    return graph.unique_name(absl::StrCat(name, ".", std::string(part)));
  };
  const auto values = weights.values<float>();
  const ColumnWeights even = even_columns(
      {values.begin(), values.end()}, static_cast<size_t>(height), static_cast<size_t>(channels));
  // The shapes follow from the layer's own, which was verified: these cannot fail.
  const TensorId side_by_side =
      *graph.add_op(Reshape{{x[0], height, 1, width * channels}}, named("columns"), {inputs[0]});
  const TensorId column_weights = graph.add_constant<float>(
      named("column_weights"), {1, height, 1, width * channels}, even.within);
  const TensorId sums =
      *graph.add_op(DepthwiseConv2D{}, named("column_sums"), {side_by_side, column_weights});
  const TensorId stacked =
      *graph.add_op(Reshape{{x[0], width, 1, channels}}, named("stacked"), {sums});
  std::vector<TensorId> last = inputs;
  last[0] = stacked;
  last[1] =
      graph.add_constant<float>(named("sum_weights"), {1, width, 1, channels}, even.of_columns);
  become(graph, id, DepthwiseConv2D{.activation = activation}, std::move(last));
  return true;
}

}  // namespace

bool split_global_depthwise(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.node_ids()) changed = split(graph, id) || changed;
  return changed;
}

}  // namespace durward
