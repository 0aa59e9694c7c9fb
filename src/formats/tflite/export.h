// Writing IR nodes as operators of a .tflite file. Internal to this folder.
//
// GraphExport holds the file under construction; NodeExport is what the export of one node works
// with. One export_op() overload per IR op.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/tflite/model_builder.h"
#include "formats/tflite/tflite.h"
#include "graph/graph.h"

namespace durward {

class GraphExport {
 public:
  GraphExport(const Graph& graph, const TfliteWriteOptions& options);

  // The whole graph; call once.
  absl::StatusOr<std::vector<std::byte>> run();

 private:
  friend class NodeExport;

  absl::Status add_inputs();
  absl::Status add_outputs();
  // Nodes that int8 ports, or a requantisation in one step, leave nothing of.
  [[nodiscard]] bool is_absorbed(NodeId id) const;
  // The file's tensor for an IR tensor, added on its first use.
  int32_t tensor(TensorId id);

  const Graph& graph_;
  const TfliteWriteOptions& options_;
  ModelBuilder builder_;
  std::vector<int32_t> tensors_;  // by IR tensor; -1: not added yet
  std::vector<bool> absorbed_;    // by IR node
  std::vector<int32_t> inputs_, outputs_;
};

class NodeExport {
 public:
  NodeExport(GraphExport& graph_export, NodeId id)
      : export_(graph_export), node_(graph_export.graph_.node(id)) {}

  [[nodiscard]] const Graph& graph() const { return export_.graph_; }
  [[nodiscard]] size_t input_count() const { return node_.inputs.size(); }
  [[nodiscard]] size_t output_count() const { return node_.outputs.size(); }
  [[nodiscard]] bool has(size_t i) const { return i < input_count() && node_.inputs[i].valid(); }
  [[nodiscard]] const Tensor& in(size_t i = 0) const { return graph().tensor(node_.inputs[i]); }
  [[nodiscard]] const Tensor& out(size_t i = 0) const { return graph().tensor(node_.outputs[i]); }
  [[nodiscard]] TensorId input_id(size_t i = 0) const { return node_.inputs[i]; }
  [[nodiscard]] TensorId output_id(size_t i = 0) const { return node_.outputs[i]; }
  [[nodiscard]] TfliteOps ops() const { return export_.options_.ops; }
  // True for integer arithmetic, false for float.
  [[nodiscard]] bool quantized() const { return out().quant.has_value(); }

  // The file's tensors.
  int32_t tensor(TensorId id) { return export_.tensor(id); }
  int32_t input(size_t i = 0) { return export_.tensor(node_.inputs[i]); }
  int32_t output(size_t i = 0) { return export_.tensor(node_.outputs[i]); }
  // A tensor between two operators of this node.
  int32_t step(const std::string& suffix, DataType type, const Shape& shape,
               const std::optional<QuantParams>& quant);
  // One of the output's type and shape.
  int32_t step(const std::string& suffix, const std::optional<QuantParams>& quant) {
    return step(suffix, out().type, out().shape, quant);
  }
  int32_t constant(const std::string& suffix, DataType type, const Shape& shape,
                   std::span<const std::byte> data, const std::optional<QuantParams>& quant = {});
  // int32 parameters: axes, shapes, paddings.
  absl::StatusOr<int32_t> parameters(const std::string& suffix, const std::vector<int64_t>& values,
                                     const Shape& shape);
  int32_t float_constant(const std::string& suffix, const Shape& shape,
                         std::span<const float> values);
  // A number of the input's type: float32, or int8 in the given quantisation, saturated.
  int32_t scalar(const std::string& suffix, float value, const std::optional<QuantParams>& quant);

  void add(tflite::BuiltinOperator code, std::vector<int32_t> inputs, std::vector<int32_t> outputs,
           tflite::BuiltinOptionsUnion options = {}) {
    export_.builder_.add_operator(code, std::move(inputs), std::move(outputs), std::move(options));
  }
  // emit(tensor) adds the operator that writes `tensor`, which is quantised as `quant`: output i
  // itself, or a tensor that a QUANTIZE then takes to output i.
  template <typename Emit>
  void with_result(const std::optional<QuantParams>& quant, Emit emit, size_t i = 0) {
    if (out(i).quant == quant) {
      emit(output(i));
      return;
    }
    const int32_t result = step("/unscaled", out(i).type, out(i).shape, quant);
    emit(result);
    add(tflite::BuiltinOperator::QUANTIZE, {result}, {output(i)});
  }
  // Input i in the given quantisation: itself, or behind a QUANTIZE.
  int32_t input_with(size_t i, const std::optional<QuantParams>& quant);
  // The output is an alias of a tensor that exists.
  void alias(int32_t tensor) { export_.tensors_[static_cast<size_t>(output_id().index)] = tensor; }

  // Unimplemented, naming the node, its op and shapes.
  template <typename... Parts>
  [[nodiscard]] absl::Status unsupported(const Parts&... parts) const {
    return absl::UnimplementedError(absl::StrCat(describe(), " ", parts...));
  }

 private:
  [[nodiscard]] std::string describe() const;

  GraphExport& export_;
  const Node& node_;
};

// export_layers.cc
absl::Status export_op(NodeExport& node, const Conv2D& op);
absl::Status export_op(NodeExport& node, const DepthwiseConv2D& op);
absl::Status export_op(NodeExport& node, const FullyConnected& op);
absl::Status export_op(NodeExport& node, const MatMul& op);
absl::Status export_op(NodeExport& node, const Lstm& op);
absl::Status export_op(NodeExport& node, const Gru& op);
absl::Status export_op(NodeExport& node, const Pool2D& op);
absl::Status export_op(NodeExport& node, const Resize& op);
absl::Status export_op(NodeExport& node, const DepthToSpace& op);
absl::Status export_op(NodeExport& node, const SpaceToDepth& op);

// export_elementwise.cc
absl::Status export_op(NodeExport& node, const Binary& op);
absl::Status export_op(NodeExport& node, const Unary& op);
absl::Status export_op(NodeExport& node, const LeakyRelu& op);
absl::Status export_op(NodeExport& node, const Clip& op);
absl::Status export_op(NodeExport& node, const HardSigmoid& op);
absl::Status export_op(NodeExport& node, const PRelu& op);
absl::Status export_op(NodeExport& node, const Softmax& op);
absl::Status export_op(NodeExport& node, const BatchNorm& op);
absl::Status export_op(NodeExport& node, const L2Normalize& op);
absl::Status export_op(NodeExport& node, const Reduce& op);
absl::Status export_op(NodeExport& node, const Cast& op);
absl::Status export_op(NodeExport& node, const Quantize& op);
absl::Status export_op(NodeExport& node, const Dequantize& op);
// PRELU of a file tensor with the slopes that are the node's input `slope`.
absl::Status export_prelu(NodeExport& node, int32_t x, size_t slope);

// export_movement.cc
absl::Status export_op(NodeExport& node, const Pad& op);
absl::Status export_op(NodeExport& node, const Concat& op);
absl::Status export_op(NodeExport& node, const Reshape& op);
absl::Status export_op(NodeExport& node, const Transpose& op);
absl::Status export_op(NodeExport& node, const Broadcast& op);
absl::Status export_op(NodeExport& node, const Tile& op);
absl::Status export_op(NodeExport& node, const Slice& op);
absl::Status export_op(NodeExport& node, const Split& op);
absl::Status export_op(NodeExport& node, const Gather& op);
absl::Status export_op(NodeExport& node, const ShapeOf& op);
absl::Status export_op(NodeExport& node, const Identity& op);
// RESHAPE of a file tensor to another of `shape`.
absl::Status add_reshape(NodeExport& node, int32_t from, const Shape& shape, int32_t to);
// The same of the node's input, as the node's output.
absl::Status export_reshape(NodeExport& node, const Shape& shape);

}  // namespace durward
