// Types and shapes of outputs from the op and its inputs. Internal to src/graph: infer_shapes and
// verify in graph.h are what others call.
//
// Each infer() overload checks all that its op's comment in ops.h asks of parameters and inputs, in
// checked arithmetic, and reads no tensor's data but constant Gather indices.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace durward::graph_detail {

struct TensorType {
  DataType type = DataType::kFloat32;
  Shape shape;
};

using InferredTypes = absl::StatusOr<std::vector<TensorType>>;

// One node's inputs, after the count of its inputs was checked.
class TypedNode {
 public:
  TypedNode(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  [[nodiscard]] bool has(size_t i) const {
    return i < node_.inputs.size() && node_.inputs[i].valid();
  }
  [[nodiscard]] size_t input_count() const { return node_.inputs.size(); }
  [[nodiscard]] size_t output_count() const { return node_.outputs.size(); }
  [[nodiscard]] const Tensor& input(size_t i) const { return graph_.tensor(node_.inputs[i]); }
  [[nodiscard]] const Tensor& output(size_t i) const { return graph_.tensor(node_.outputs[i]); }
  [[nodiscard]] const Shape& shape(size_t i = 0) const { return input(i).shape; }
  [[nodiscard]] DataType type(size_t i = 0) const { return input(i).type; }
  [[nodiscard]] int rank(size_t i = 0) const { return static_cast<int>(shape(i).size()); }

  [[nodiscard]] absl::Status check_axis(int axis) const;  // 0..rank-1 of the first input

  // InvalidArgument that names the node, its op and its inputs' types and shapes.
  template <typename... Parts>
  [[nodiscard]] absl::Status error(const Parts&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(describe(), ": ", parts...));
  }

 private:
  [[nodiscard]] std::string describe() const;

  const Graph& graph_;
  const Node& node_;
};

[[nodiscard]] InferredTypes infer_output_types(const Graph& graph, const Node& node);

// The shape that both broadcast to by numpy's rule; nullopt where they do not fit.
[[nodiscard]] std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b);

// True where `from` broadcasts to exactly `to`.
[[nodiscard]] bool broadcasts_to(const Shape& from, const Shape& to);

[[nodiscard]] inline bool is_float(DataType type) {
  return type == DataType::kFloat32 || type == DataType::kFloat16;
}

// shape_inference_layers.cc: ops with weights, windows or matrices
InferredTypes infer(const TypedNode& node, const Conv2D& op);
InferredTypes infer(const TypedNode& node, const DepthwiseConv2D& op);
InferredTypes infer(const TypedNode& node, const FullyConnected& op);
InferredTypes infer(const TypedNode& node, const MatMul& op);
InferredTypes infer(const TypedNode& node, const Pool2D& op);
InferredTypes infer(const TypedNode& node, const DepthToSpace& op);
InferredTypes infer(const TypedNode& node, const SpaceToDepth& op);
InferredTypes infer(const TypedNode& node, const Resize& op);

// shape_inference_recurrent.cc
InferredTypes infer(const TypedNode& node, const Lstm& op);
InferredTypes infer(const TypedNode& node, const Gru& op);

// shape_inference_elementwise.cc: an output element for an input element, and along an axis
InferredTypes infer(const TypedNode& node, const Binary& op);
InferredTypes infer(const TypedNode& node, const Unary& op);
InferredTypes infer(const TypedNode& node, const LeakyRelu& op);
InferredTypes infer(const TypedNode& node, const Clip& op);
InferredTypes infer(const TypedNode& node, const HardSigmoid& op);
InferredTypes infer(const TypedNode& node, const PRelu& op);
InferredTypes infer(const TypedNode& node, const Softmax& op);
InferredTypes infer(const TypedNode& node, const BatchNorm& op);
InferredTypes infer(const TypedNode& node, const L2Normalize& op);
InferredTypes infer(const TypedNode& node, const Reduce& op);
InferredTypes infer(const TypedNode& node, const Cast& op);
InferredTypes infer(const TypedNode& node, const Identity& op);
InferredTypes infer(const TypedNode& node, const Quantize& op);
InferredTypes infer(const TypedNode& node, const Dequantize& op);

// shape_inference_movement.cc: ops that move elements and compute nothing
InferredTypes infer(const TypedNode& node, const Pad& op);
InferredTypes infer(const TypedNode& node, const Concat& op);
InferredTypes infer(const TypedNode& node, const Reshape& op);
InferredTypes infer(const TypedNode& node, const Transpose& op);
InferredTypes infer(const TypedNode& node, const Broadcast& op);
InferredTypes infer(const TypedNode& node, const Tile& op);
InferredTypes infer(const TypedNode& node, const Slice& op);
InferredTypes infer(const TypedNode& node, const Split& op);
InferredTypes infer(const TypedNode& node, const Gather& op);
InferredTypes infer(const TypedNode& node, const ShapeOf& op);

}  // namespace durward::graph_detail
