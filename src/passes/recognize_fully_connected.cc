// MatMul(x, constant [I,O])                                  =>  FullyConnected
// Conv2D over a whole image [N,H,W,I] -> Reshape [N,O]       =>  Reshape [N,H*W*I] ->
// FullyConnected
//
// The second leaves convolutions on 1x1 images alone that are not flattened next, as those of a
// squeeze-and-excite block: there is nothing to gain for them.
#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

bool from_matmul(Graph& graph, NodeId id) {
  const TensorId x = graph.node(id).inputs[0];
  const TensorId matrix = graph.node(id).inputs[1];
  const auto values = constant_floats(graph, matrix);
  const Shape shape = shape_of(graph, matrix);
  if (!values || shape.size() != 2 || values->empty()) return false;
  const auto inputs = static_cast<size_t>(shape[0]);
  const auto outputs = static_cast<size_t>(shape[1]);
  std::vector<float> transposed(values->size());
  for (size_t i = 0; i < inputs; ++i) {
    for (size_t o = 0; o < outputs; ++o) transposed[o * inputs + i] = (*values)[i * outputs + o];
  }
  const std::string name = graph.unique_name(graph.tensor(matrix).name);
  const TensorId weights =
      graph.add_constant<float>(name, {shape[1], shape[0]}, std::span<const float>(transposed));
  become(graph, id, FullyConnected{}, {x, weights});
  return true;
}

bool from_flattened_convolution(Graph& graph, NodeId reshape) {
  const TensorId image = graph.node(reshape).inputs[0];
  const auto* conv = graph.producer_as<Conv2D>(image);
  if (conv == nullptr || !graph.used_once(image)) return false;
  const NodeId layer = graph.producer(image);
  const std::vector<TensorId> inputs = graph.node(layer).inputs;
  const Shape x = shape_of(graph, inputs[0]);
  const Shape weights = shape_of(graph, inputs[1]);
  const bool whole = weights[1] == x[1] && weights[2] == x[2] && conv->padding == Padding{} &&
                     conv->groups == 1 && (conv->dilation_h == 1 || x[1] == 1) &&
                     (conv->dilation_w == 1 || x[2] == 1);
  if (!whole || shape_of(graph, output_of(graph, reshape)) != Shape{x[0], weights[0]}) return false;
  if (!has_constant_parameters(graph, layer)) return false;
  const int64_t columns = x[1] * x[2] * x[3];
  const FullyConnected op{conv->activation};  // before a node is added, which may move `conv`
  const std::string name = graph.node(layer).name;
  const auto flat = graph.add_op(Reshape{{x[0], columns}},
                                 graph.unique_name(graph.node(reshape).name), {inputs[0]});
  if (!flat.ok()) return false;
  const auto values = graph.tensor(inputs[1]).values<float>();
  const std::vector<float> matrix(values.begin(), values.end());
  std::vector<TensorId> layer_inputs = inputs;
  layer_inputs[0] = *flat;
  become(graph, reshape, op, std::move(layer_inputs));
  graph.rename_node(reshape, name);
  set_constant(graph, reshape, 1, {weights[0], columns}, matrix, "weights");
  return true;
}

}  // namespace

bool recognize_fully_connected(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id)) continue;
    if (graph.op_as<MatMul>(id) != nullptr) {
      changed |= from_matmul(graph, id);
    } else if (graph.op_as<Reshape>(id) != nullptr) {
      changed |= from_flattened_convolution(graph, id);
    }
  }
  return changed;
}

}  // namespace durward
