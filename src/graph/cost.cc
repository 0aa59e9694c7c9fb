#include "graph/cost.h"

namespace durward {

int64_t multiply_accumulates(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto out = [&] { return elements(graph.tensor(node.outputs[0]).shape); };
  const auto weights = [&] { return graph.tensor(node.inputs[1]).shape; };
  // Each output element of a convolution sums over one filter: the weights of one output channel.
  if (std::holds_alternative<Conv2D>(node.op) || std::holds_alternative<FullyConnected>(node.op)) {
    const Shape shape = weights();
    return shape[0] == 0 ? 0 : out() * (elements(shape) / shape[0]);
  }
  if (std::holds_alternative<DepthwiseConv2D>(node.op)) return out() * weights()[1] * weights()[2];
  // Each step multiplies with the weights of the input and of the state.
  if (std::holds_alternative<Lstm>(node.op) || std::holds_alternative<Gru>(node.op)) {
    const Shape& x = graph.tensor(node.inputs[0]).shape;
    return x[0] * x[1] * (elements(weights()) + elements(graph.tensor(node.inputs[2]).shape));
  }
  if (std::holds_alternative<MatMul>(node.op)) {
    return out() * graph.tensor(node.inputs[0]).shape.back();
  }
  return 0;
}

int64_t multiply_accumulates(const Graph& graph) {
  int64_t sum = 0;
  for (const NodeId id : graph.node_ids()) sum += multiply_accumulates(graph, id);
  return sum;
}

ConstantSize constant_size(const Graph& graph) {
  ConstantSize size;
  for (const TensorId id : graph.tensor_ids()) {
    const Tensor& tensor = graph.tensor(id);
    if (!tensor.constant() || graph.consumers(id).empty()) continue;
    size.elements += elements(tensor.shape);
    size.bytes += static_cast<int64_t>(tensor.data->size());
  }
  return size;
}

}  // namespace durward
