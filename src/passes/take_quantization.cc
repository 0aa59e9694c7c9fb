// x -> Quantize -> Dequantize  =>  x, or Relu(x), which remembers the parameters
// Dequantize(constant)  =>  the constant as floats, which remember their scales
#include <algorithm>

#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

bool around_zero(const std::vector<int32_t>& zero_points) {
  return std::all_of(zero_points.begin(), zero_points.end(), [](int32_t z) { return z == 0; });
}

// Returns whether the scales are those of int8 weights as layers have them: around zero.
bool take_constant(Graph& graph, NodeId id) {
  const Tensor& integers = graph.tensor(graph.node(id).inputs[0]);
  const bool weights = integers.type == DataType::kInt8 && around_zero(integers.quant->zero_points);
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

// Whether only the rounding to integers whose lowest stands for 0 is the tensor's ReLU, as
// exporters leave it: a Relu in front of a Quantize needs no node.
bool is_rectified_by(const Graph& graph, TensorId x, const QuantParams& params) {
  if (params.zero_points[0] != -128 || !graph.producer(x).valid()) return false;
  const Op& op = graph.node(graph.producer(x)).op;
  const auto* binary = std::get_if<Binary>(&op);
  if (binary != nullptr) {
    const bool sum = binary->kind == BinaryKind::kAdd || binary->kind == BinaryKind::kSub;
    return sum && binary->activation == Activation::kNone;
  }
  return has_constant_parameters(graph, graph.producer(x)) || std::holds_alternative<BatchNorm>(op);
}

// The tensor that is quantised in int8: x, or what a Relu makes of it.
TensorId rectified(Graph& graph, TensorId x, const QuantParams& params) {
  if (!is_rectified_by(graph, x, params)) return x;
  const std::string name = graph.unique_name(absl::StrCat(graph.tensor(x).name, ".relu"));
  return graph.add_op(Unary{UnaryKind::kRelu}, name, {x}).value_or(x);
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
  const QuantParams params = *graph.tensor(integers).quant;
  const TensorId y = rectified(graph, x, params);
  if (!graph.tensor(y).trained) graph.mutable_tensor(y).trained = params;
  for (const NodeId user : users) forward(graph, output_of(graph, user), y);
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
