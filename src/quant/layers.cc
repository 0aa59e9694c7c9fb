#include "quant/layers.h"

namespace durward {

std::optional<Layer> Layer::of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.inputs.size() <= kWeightsInput || !node.inputs[kWeightsInput].valid()) return {};
  const Tensor& weights = graph.tensor(node.inputs[kWeightsInput]);
  Layer layer;
  layer.id_ = id;
  if (const auto* conv = std::get_if<Conv2D>(&node.op)) {
    layer.activation_ = conv->activation;
    layer.output_channels_ = weights.shape[0];
    layer.group_inputs_ = weights.shape[3];
    layer.input_channels_ = weights.shape[3] * conv->groups;
    layer.group_outputs_ = weights.shape[0] / conv->groups;
  } else if (const auto* depthwise = std::get_if<DepthwiseConv2D>(&node.op)) {
    layer.activation_ = depthwise->activation;
    layer.depthwise_ = true;
    layer.output_channels_ = weights.shape[3];
    layer.input_channels_ = graph.tensor(node.inputs[0]).shape[3];
    layer.group_outputs_ = layer.output_channels_ / layer.input_channels_;
  } else if (const auto* fc = std::get_if<FullyConnected>(&node.op)) {
    layer.activation_ = fc->activation;
    layer.output_channels_ = weights.shape[0];
    layer.group_inputs_ = layer.input_channels_ = weights.shape[1];
    layer.group_outputs_ = weights.shape[0];
  } else {
    return {};
  }
  if (!weights.constant() || weights.type != DataType::kFloat32 || elements(weights.shape) == 0) {
    return {};
  }
  layer.depth_ = elements(weights.shape) / layer.output_channels_;
  return layer;
}

int64_t Layer::input_channel(int64_t weight) const {
  const int64_t group = output_channel(weight) / group_outputs_;
  return depthwise_ ? group : group * group_inputs_ + weight % group_inputs_;
}

}  // namespace durward
