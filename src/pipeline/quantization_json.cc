#include "pipeline/quantization_json.h"

#include "quant/layers.h"

namespace durward {
namespace {

using nlohmann::json;

// An op that makes new values, rather than move or convert those that are there.
bool computes(const Op& op) {
  return !(std::holds_alternative<Dequantize>(op) || std::holds_alternative<Reshape>(op) ||
           std::holds_alternative<Transpose>(op) || std::holds_alternative<Pad>(op) ||
           std::holds_alternative<Slice>(op) || std::holds_alternative<Split>(op) ||
           std::holds_alternative<Concat>(op) || std::holds_alternative<Identity>(op));
}

json parameters_json(const Tensor& tensor) {
  if (tensor.type != DataType::kInt8 || !tensor.quant || tensor.quant->per_axis()) return {};
  return {{"scale", tensor.quant->scales[0]}, {"zero_point", tensor.quant->zero_points[0]}};
}

// In the order that PyTorch has: output channels, input channels, height, width.
json weights_shape(const Node& node, const Shape& shape) {
  if (std::holds_alternative<DepthwiseConv2D>(node.op)) {
    return json::array({shape[3], 1, shape[1], shape[2]});
  }
  if (shape.size() == 4) return json::array({shape[0], shape[3], shape[1], shape[2]});
  return shape;
}

}  // namespace

json quantization_json(const Graph& quantized, bool equalized) {
  json nodes = json::array();
  for (const NodeId id : quantized.topological_order()) {
    const Node& node = quantized.node(id);
    if (!computes(node.op)) continue;
    json entry = {{"name", node.name},
                  {"op", op_name(node.op)},
                  {"output", parameters_json(quantized.tensor(node.outputs[0]))}};
    const bool layer = std::holds_alternative<Conv2D>(node.op) ||
                       std::holds_alternative<DepthwiseConv2D>(node.op) ||
                       std::holds_alternative<FullyConnected>(node.op);
    if (layer) {
      entry["weights"] = weights_shape(node, quantized.tensor(node.inputs[kWeightsInput]).shape);
    }
    nodes.push_back(std::move(entry));
  }
  return {{"equalized", equalized}, {"nodes", std::move(nodes)}};
}

}  // namespace durward
