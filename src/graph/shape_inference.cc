#include "graph/shape_inference.h"

#include <absl/strings/str_join.h>

#include <algorithm>

namespace durward {
namespace graph_detail {
namespace {

struct InputCount {
  size_t required;
  size_t most;
};

size_t with_slope(Activation activation) { return activation == Activation::kPRelu ? 4 : 3; }

struct CountInputs {
  InputCount operator()(const Conv2D& op) const { return {2, with_slope(op.activation)}; }
  InputCount operator()(const DepthwiseConv2D& op) const { return {2, with_slope(op.activation)}; }
  InputCount operator()(const FullyConnected& op) const { return {2, with_slope(op.activation)}; }
  InputCount operator()(const MatMul&) const { return {2, 2}; }
  InputCount operator()(const Binary&) const { return {2, 2}; }
  InputCount operator()(const PRelu&) const { return {2, 2}; }
  InputCount operator()(const Gather&) const { return {2, 2}; }
  InputCount operator()(const BatchNorm&) const { return {5, 5}; }
  InputCount operator()(const Lstm&) const { return {3, 6}; }
  InputCount operator()(const Gru&) const { return {3, 5}; }
  InputCount operator()(const Concat&) const { return {1, SIZE_MAX}; }
  template <typename T>
  InputCount operator()(const T&) const {
    return {1, 1};
  }
};

absl::Status check_inputs(const Graph& graph, const Node& node, const TypedNode& view) {
  const InputCount count = std::visit(CountInputs{}, node.op);
  if (node.inputs.size() < count.required || node.inputs.size() > count.most) {
    return view.error("takes ", count.required, count.most == count.required ? "" : " or more",
                      " inputs, has ", node.inputs.size());
  }
  const auto tensors = static_cast<int64_t>(graph.tensor_count());
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const TensorId id = node.inputs[i];
    const bool optional = i >= count.required && !std::holds_alternative<Concat>(node.op);
    if (!id.valid() && !optional) return view.error("input ", i, " is missing");
    if (id.index >= tensors) return view.error("input ", i, " is not a tensor of the graph");
  }
  return absl::OkStatus();
}

// An axis counted from the end becomes one counted from the front.
void normalize(int& axis, int rank) {
  if (axis < 0) axis += rank;
}

void normalize_axes(Op& op, int rank) {
  std::visit(
      [rank](auto& concrete) {
        if constexpr (requires { concrete.axis; }) normalize(concrete.axis, rank);
      },
      op);
}

}  // namespace

std::string TypedNode::describe() const {
  constexpr size_t kMostListed = 8;
  std::vector<std::string> inputs;
  for (size_t i = 0; i < std::min(node_.inputs.size(), kMostListed); ++i) {
    const TensorId id = node_.inputs[i];
    if (!id.valid() || static_cast<size_t>(id.index) >= graph_.tensor_count()) {
      inputs.emplace_back("none");
    } else {
      inputs.push_back(absl::StrCat(std::string(to_string(graph_.tensor(id).type)), "[",
                                    to_string(graph_.tensor(id).shape), "]"));
    }
  }
  if (node_.inputs.size() > kMostListed) inputs.emplace_back("...");
  return absl::StrCat("node '", node_.name, "' (", std::string(op_name(node_.op)), " of ",
                      absl::StrJoin(inputs, ", "), ")");
}

absl::Status TypedNode::check_axis(int axis) const {
  if (axis >= 0 && axis < rank()) return absl::OkStatus();
  return error("axis ", axis, " is not in 0..", rank() - 1);
}

std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape result = longer;
  const size_t offset = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t& dimension = result[offset + i];
    if (dimension == shorter[i] || shorter[i] == 1) continue;
    if (dimension != 1) return std::nullopt;
    dimension = shorter[i];
  }
  return result;
}

bool broadcasts_to(const Shape& from, const Shape& to) { return broadcast_shape(from, to) == to; }

InferredTypes infer_output_types(const Graph& graph, const Node& node) {
  const TypedNode view(graph, node);
  DURWARD_RETURN_IF_ERROR(check_inputs(graph, node, view));
  DURWARD_ASSIGN_OR_RETURN(
      std::vector<TensorType> outputs,
      std::visit([&view](const auto& op) { return infer(view, op); }, node.op));
  if (outputs.size() != node.outputs.size()) {
    return view.error("gives ", outputs.size(), " outputs, has ", node.outputs.size());
  }
  for (const TensorType& output : outputs) {
    if (output.shape.size() > kMaxRank) {
      return view.error("its output ", to_string(output.shape), " has more than ", kMaxRank,
                        " dimensions");
    }
    if (const auto count = element_count(output.shape); !count.ok()) {
      return view.error("its output: ", count.status().message());
    }
  }
  return outputs;
}

}  // namespace graph_detail

absl::Status infer_shapes(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (!node.inputs.empty() && node.inputs[0].valid() &&
      static_cast<size_t>(node.inputs[0].index) < graph.tensor_count()) {
    graph_detail::normalize_axes(graph.mutable_op(id),
                                 static_cast<int>(graph.tensor(node.inputs[0]).shape.size()));
  }
  DURWARD_ASSIGN_OR_RETURN(std::vector<graph_detail::TensorType> outputs,
                           graph_detail::infer_output_types(graph, node));
  for (size_t i = 0; i < outputs.size(); ++i) {
    Tensor& tensor = graph.mutable_tensor(node.outputs[i]);
    tensor.type = outputs[i].type;
    tensor.shape = std::move(outputs[i].shape);
  }
  return absl::OkStatus();
}

absl::Status infer_all_shapes(Graph& graph) {
  for (const NodeId id : graph.topological_order()) {
    DURWARD_RETURN_IF_ERROR(infer_shapes(graph, id));
  }
  return absl::OkStatus();
}

}  // namespace durward
