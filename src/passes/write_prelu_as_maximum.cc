// int8 layer with PRelu(a)  =>  Maximum(layer, layer with every channel times a)
//
// Both layers have the same int8 weights: the factor goes into the weights' scales (and its sign
// into the weights). Rounding is monotone, so the maximum of the two rounded values is the rounded
// PRelu: what the fused layer gives, value for value.
#include <algorithm>
#include <cmath>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// A quantised constant of the layer with each channel times the slope's magnitude, its values times
// the slope's sign.
template <typename T>
TensorId times_slope(Graph& graph, TensorId id, std::span<const float> slope) {
  Tensor scaled = graph.tensor(id);
  const auto axis = static_cast<size_t>(scaled.quant->axis);
  int64_t inner = 1;  // elements between one index of the axis and the next
  for (size_t i = axis + 1; i < scaled.shape.size(); ++i) inner *= scaled.shape[i];
  const std::span<const T> before = scaled.values<T>();
  std::vector<T> values(before.begin(), before.end());
  for (size_t i = 0; i < values.size(); ++i) {
    const float a = slope[static_cast<size_t>(static_cast<int64_t>(i) / inner) % slope.size()];
    values[i] = a == 0 ? T{0} : a < 0 ? static_cast<T>(-values[i]) : values[i];
  }
  QuantParams quant = *scaled.quant;
  for (size_t c = 0; c < slope.size(); ++c) {
    if (slope[c] != 0) quant.scales[c] *= std::fabs(slope[c]);
  }
  const TensorId made =
      graph.add_constant<T>(graph.unique_name(scaled.name + ".times_slope"), scaled.shape, values);
  graph.mutable_tensor(made).quant = std::move(quant);
  return made;
}

bool quantised_per_channel(const Graph& graph, TensorId id, DataType type, int64_t channels) {
  const Tensor& tensor = graph.tensor(id);
  return tensor.type == type && tensor.constant() && tensor.quant && tensor.quant->per_axis() &&
         tensor.quant->scales.size() == static_cast<size_t>(channels);
}

template <typename Layer>
bool write(Graph& graph, NodeId id) {
  const auto* op = graph.op_as<Layer>(id);
  if (op == nullptr || op->activation != Activation::kPRelu) return false;
  const std::vector<TensorId> inputs = graph.node(id).inputs;
  const TensorId y = output_of(graph, id);
  const int64_t channels = channels_of(graph, y);
  const auto slope = channel_values(graph, inputs[3], channels);
  if (!slope || std::any_of(slope->begin(), slope->end(), [](float a) { return !(a <= 1); }) ||
      !quantised_per_channel(graph, inputs[1], DataType::kInt8, channels) ||
      !quantised_per_channel(graph, inputs[2], DataType::kInt32, channels)) {
    return false;
  }
  Layer plain = *op;
  plain.activation = Activation::kNone;
  const std::string name = graph.node(id).name;
  const auto like_y = [&](std::string_view part) {
    Tensor tensor = graph.tensor(y);
    tensor.name = graph.unique_name(absl::StrCat(name, ".", std::string(part)));
    return graph.add_tensor(std::move(tensor));
  };
  const TensorId straight = like_y("straight"), sloped = like_y("sloped");
  const TensorId weights = times_slope<int8_t>(graph, inputs[1], *slope);
  const TensorId bias = times_slope<int32_t>(graph, inputs[2], *slope);
  graph.mutable_op(id) = plain;
  graph.set_inputs(id, {inputs[0], inputs[1], inputs[2]});
  graph.set_output(id, straight);
  graph.add_node(plain, graph.unique_name(absl::StrCat(name, ".sloped")),
                 {inputs[0], weights, bias}, {sloped});
  graph.add_node(Binary{BinaryKind::kMaximum}, graph.unique_name(absl::StrCat(name, ".maximum")),
                 {straight, sloped}, {y});
  return true;
}

}  // namespace

bool write_prelu_as_maximum(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.node_ids()) {
    const bool written = write<Conv2D>(graph, id) || write<DepthwiseConv2D>(graph, id) ||
                         write<FullyConnected>(graph, id);
    changed = written || changed;
  }
  return changed;
}

}  // namespace durward
