// x -> Quantize -> Dequantize  =>  x, which remembers the parameters
// Dequantize(constant)  =>  the constant as floats, which remember their scales
#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

bool all_zero(const std::vector<int32_t>& zero_points) {
  return std::all_of(zero_points.begin(), zero_points.end(), [](int32_t z) { return z == 0; });
}

// Returns whether the scales are those of int8 weights as layers have them: around zero.
bool take_constant(Graph& graph, NodeId id) {
  const Tensor& integers = graph.tensor(graph.node(id).inputs[0]);
  const bool weights = integers.type == DataType::kInt8 && all_zero(integers.quant->zero_points);
  const QuantParams params = *integers.quant;
  const TensorId floats = output_of(graph, id);
  const auto folded = fold_constant(graph, id, elements(integers.shape));
  if (!folded.ok() || !*folded || !weights) return false;
  graph.mutable_tensor(floats).trained = params;
  return true;
}

// Whether the tensor lies between a Quantize and Dequantizes alone, as int8 with one scale.
bool is_round_trip(const Graph& graph, TensorId integers) {
  const Tensor& tensor = graph.tensor(integers);
  if (tensor.type != DataType::kInt8 || tensor.quant->per_axis() || graph.is_output(integers)) {
    return false;
  }
  const std::vector<NodeId>& users = graph.consumers(integers);
  return !users.empty() && std::all_of(users.begin(), users.end(), [&graph](NodeId user) {
    return graph.op_as<Dequantize>(user) != nullptr &&
           graph.tensor(output_of(graph, user)).type == DataType::kFloat32;
  });
}

// Returns whether the pair was removed.
bool take_activation(Graph& graph, NodeId id) {
  const TensorId x = graph.node(id).inputs[0];
  const TensorId integers = output_of(graph, id);
  if (graph.tensor(x).constant() || graph.tensor(x).type != DataType::kFloat32 ||
      !is_round_trip(graph, integers)) {
    return false;
  }
  const std::vector<NodeId> users = graph.consumers(integers);
  // An output of the model cannot be an input of it as well.
  const bool through = graph.is_input(x) && std::any_of(users.begin(), users.end(), [&](NodeId u) {
                         return graph.is_output(output_of(graph, u));
                       });
  if (through) return false;
  if (!graph.tensor(x).trained) graph.mutable_tensor(x).trained = *graph.tensor(integers).quant;
  for (const NodeId user : users) forward(graph, output_of(graph, user), x);
  return true;
}

}  // namespace

TakenQuantization take_quantization(Graph& graph) {
  TakenQuantization taken;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id)) continue;
    if (graph.op_as<Quantize>(id) != nullptr) {
      if (take_activation(graph, id)) ++taken.activations;
    } else if (graph.op_as<Dequantize>(id) != nullptr &&
               graph.tensor(graph.node(id).inputs[0]).constant()) {
      if (take_constant(graph, id)) ++taken.weights;
    }
  }
  return taken;
}

}  // namespace durward
