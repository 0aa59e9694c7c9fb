// The state of an export: the ONNX graph so far and, for each tensor, where it is in it. The
// export_*.cc files map one op of the IR each.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "formats/onnx/layout.h"
#include "formats/onnx/writer.h"

namespace durward {

// NHWC tensors of the IR are NCHW values in ONNX.
inline const Permutation kNchwOrder = {0, 3, 1, 2};

// Where a tensor is: ONNX dimension i of `name` is dimension order[i] of the tensor.
struct ExportedValue {
  std::string name;       // the float value
  std::string quantized;  // the integers, where the tensor is quantised
  Permutation order;
};

// Which integers a quantised constant is stored as.
enum class ConstantRole : uint8_t { kWeight, kActivation };

class Exporter {
 public:
  Exporter(const Graph& graph, const OnnxWriteOptions& options, onnx::GraphProto& target);

  [[nodiscard]] const Graph& graph() const { return graph_; }
  [[nodiscard]] int opset() const { return options_.opset; }
  [[nodiscard]] const Tensor& tensor(TensorId id) const { return graph_.tensor(id); }
  [[nodiscard]] const Shape& shape(TensorId id) const { return graph_.tensor(id).shape; }

  // ---- reading tensors ----
  // A constant, or a Dequantize of one: it has no order yet and takes the one it is asked for in.
  [[nodiscard]] bool constant(TensorId id) const { return constant_source(id).valid(); }
  // That constant, nullptr for what is none.
  [[nodiscard]] const Tensor* constant_tensor(TensorId id) const;
  [[nodiscard]] const Permutation& order(TensorId id) const { return values_.at(id).order; }
  // The name of the float value (dequantised if need be) in this order.
  std::string value(TensorId id, const Permutation& order,
                    ConstantRole role = ConstantRole::kActivation);
  // The integers of a quantised tensor in this order.
  std::string quantized_value(TensorId id, const Permutation& order);
  // The value as an operand of an elementwise op whose result has this rank and order.
  std::string operand(TensorId id, const Permutation& order, bool may_drop_dimensions);
  // The value reshaped; returns its order.
  ExportedValue reshaped(TensorId id, const Shape& target);

  // ---- adding to the ONNX graph ----
  std::string fresh_name(const std::string& wanted);
  // Adds a node with one output, whose name it returns: `wanted`, or one like it.
  std::string add(const std::string& op, const std::string& wanted,
                  std::vector<std::string> inputs);
  // The node added last, for its attributes.
  void attribute(const std::string& name, int64_t value);
  void attribute(const std::string& name, float value);
  void attribute(const std::string& name, const std::string& value);
  void attribute(const std::string& name, const std::vector<int64_t>& values);
  // Adds outputs to the node added last (Split).
  std::string another_output(const std::string& wanted);

  [[nodiscard]] static int64_t element_type(DataType type);  // ONNX's number for it

  // Adds a constant, dequantised where it has parameters, and returns the name of the floats.
  std::string add_constant(Tensor constant, ConstantRole role);
  std::string integers(const std::string& wanted, const std::vector<int64_t>& values);
  std::string float_scalar(const std::string& wanted, float value);

  // ---- results ----
  // The name for the value that the main ONNX node of this op computes; `activation` comes next.
  [[nodiscard]] std::string result_name(TensorId id,
                                        Activation activation = Activation::kNone) const;
  // `name` is the float value of `id`: applies the activation where the range of a quantised
  // tensor does not imply it, quantises, and notes where the tensor is.
  absl::Status store(const Node& node, std::string name, Permutation order,
                     Activation activation = Activation::kNone, TensorId slope = {});
  void store(TensorId id, std::string name, Permutation order);
  // `id` is the same value as `source`, whose dimensions are in this order for it.
  void alias(TensorId id, TensorId source, Permutation order);

  // ---- ports ----
  absl::Status add_inputs();
  absl::StatusOr<std::vector<OnnxOutput>> add_outputs();
  // Where the Quantize of an input is left to the caller.
  [[nodiscard]] bool already_stored(TensorId id) const { return values_.contains(id); }

  // FullyConnected nodes whose input is a flattened image take their columns in NCHW order; this
  // is that image's shape [H,W,C], empty for any other input.
  [[nodiscard]] Shape flattened_image(TensorId fully_connected_input) const;
  // Weights [O,K] with the columns in NCHW order of such an image.
  std::string weights_in_nchw(TensorId weights, const Shape& image);

 private:
  [[nodiscard]] TensorId constant_source(TensorId id) const;
  // The constant, seen as `shape`, put in `order`, and given as `final_shape`.
  std::string constant_value(TensorId id, const Shape& shape, const Permutation& order,
                             const Shape& final_shape, ConstantRole role);
  std::string initializer(Tensor tensor);
  std::string in_order(const std::string& name, const Shape& shape, const Permutation& from,
                       const Permutation& to);
  // Adds QuantizeLinear or DequantizeLinear.
  // `type` as it is stored; a tensor of the graph of type `original`.
  std::string quantize(const std::string& op, const std::string& wanted, const std::string& input,
                       const QuantParams& params, DataType original, DataType type);
  [[nodiscard]] DataType stored_type(DataType type, ConstantRole role) const;
  absl::Status add_quantized_input(const Port& port, TensorId id, const Permutation& order);
  void declare(onnx::ValueInfoProto* info, const std::string& name, DataType type,
               const Shape& shape);
  [[nodiscard]] bool range_implies(TensorId id, Activation activation) const;
  absl::StatusOr<OnnxOutput> add_output(TensorId id, const std::string& name,
                                        const Permutation& order, bool quantized);
  void rename(const std::string& from, const std::string& to);
  [[nodiscard]] bool extra_output(TensorId id) const;

  const Graph& graph_;
  const OnnxWriteOptions& options_;
  onnx::GraphProto& target_;
  std::map<TensorId, ExportedValue> values_;
  std::map<std::pair<std::string, Permutation>, std::string> reordered_;
  std::map<std::tuple<TensorId, Permutation, Shape, Shape, ConstantRole>, std::string> constants_;
  absl::flat_hash_map<std::string, int> names_;  // with the last number given to a double
  absl::flat_hash_set<std::string> fixed_;       // names of inputs, constants and outputs
};

// One overload for each op: adds its ONNX nodes.
absl::Status export_op(Exporter& exporter, const Node& node, const Conv2D& op);
absl::Status export_op(Exporter& exporter, const Node& node, const DepthwiseConv2D& op);
absl::Status export_op(Exporter& exporter, const Node& node, const FullyConnected& op);
absl::Status export_op(Exporter& exporter, const Node& node, const MatMul& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Binary& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Unary& op);
absl::Status export_op(Exporter& exporter, const Node& node, const LeakyRelu& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Clip& op);
absl::Status export_op(Exporter& exporter, const Node& node, const HardSigmoid& op);
absl::Status export_op(Exporter& exporter, const Node& node, const PRelu& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Softmax& op);
absl::Status export_op(Exporter& exporter, const Node& node, const BatchNorm& op);
absl::Status export_op(Exporter& exporter, const Node& node, const L2Normalize& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Lstm& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Gru& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Pool2D& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Reduce& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Pad& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Concat& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Reshape& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Transpose& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Broadcast& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Tile& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Slice& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Split& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Gather& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Cast& op);
absl::Status export_op(Exporter& exporter, const Node& node, const ShapeOf& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Identity& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Quantize& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Dequantize& op);
absl::Status export_op(Exporter& exporter, const Node& node, const DepthToSpace& op);
absl::Status export_op(Exporter& exporter, const Node& node, const SpaceToDepth& op);
absl::Status export_op(Exporter& exporter, const Node& node, const Resize& op);

// The order in which the result of an elementwise op over these tensors is written.
[[nodiscard]] Permutation common_order(const Exporter& exporter,
                                       const std::vector<TensorId>& tensors, size_t rank);
// The ONNX dimension that holds dimension `axis` of a tensor in this order.
[[nodiscard]] int onnx_axis(const Permutation& order, int axis);

}  // namespace durward
