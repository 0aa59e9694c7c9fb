// Turning operators of a .tflite file into IR nodes. Internal to this folder.
//
// GraphImport holds the graph under construction; OpImport is what the importer of one operator
// works with: inputs and options in, nodes out. One importer function per operator, listed in
// import_table.cc.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "formats/tflite/source_model.h"
#include "graph/graph.h"

namespace durward {

class GraphImport {
 public:
  explicit GraphImport(const SourceModel& model);

  // The whole model; call once.
  absl::StatusOr<Graph> run();

 private:
  friend class OpImport;

  absl::Status import_inputs();
  absl::Status import_outputs();
  // The IR tensor for a source tensor; a constant is added on its first use. With as_float, a
  // quantised or float16 constant is given in float32.
  absl::StatusOr<TensorId> use(int32_t tensor, bool as_float);
  absl::StatusOr<TensorId> add_constant(const SourceTensor& source, bool as_float);
  // A tensor of the source's quantisation, its shape still to be inferred.
  absl::StatusOr<TensorId> declare(const SourceTensor& source, const std::string& name);
  [[nodiscard]] std::string unique_name(const std::string& wanted);
  absl::Status charge(int64_t bytes);

  const SourceModel& model_;
  Graph graph_;
  std::vector<TensorId> imported_;                           // by source tensor
  std::map<std::pair<int32_t, bool>, TensorId> constants_;   // by source tensor and as_float
  std::map<std::pair<uint32_t, DataType>, Buffer> buffers_;  // by buffer and element type
  std::map<std::string, int> name_uses_;
  int64_t constant_bytes_ = 0;
};

class OpImport {
 public:
  OpImport(GraphImport& import, const SourceOperator& source) : import_(import), source_(source) {}

  [[nodiscard]] tflite::BuiltinOperator code() const { return source_.code; }
  [[nodiscard]] size_t input_count() const { return source_.inputs.size(); }
  [[nodiscard]] size_t output_count() const { return source_.outputs.size(); }
  [[nodiscard]] bool has(size_t i) const { return i < input_count() && source_.inputs[i] >= 0; }
  [[nodiscard]] const SourceTensor& source_output(size_t i = 0) const {
    return import_.model_.tensors[static_cast<size_t>(source_.outputs[i])];
  }
  [[nodiscard]] bool quantized() const { return source_output().quant.has_value(); }

  // nullptr where the operator has none: defaults apply.
  template <typename Options>
  [[nodiscard]] const Options* optional_options() const {
    return source_.table->builtin_options_as<Options>();
  }
  template <typename Options>
  [[nodiscard]] absl::StatusOr<const Options*> options() const {
    const Options* options = optional_options<Options>();
    if (options == nullptr) return error("has no options; the file is damaged");
    return options;
  }

  // The quantisation that the output has in the IR.
  [[nodiscard]] std::optional<QuantParams> output_quant() const;

  // Input i as an IR tensor. Constants of a float operator come in float32.
  absl::StatusOr<TensorId> input(size_t i);
  // The same, invalid where the input is left out.
  absl::StatusOr<TensorId> optional_input(size_t i);
  // Every input, in order.
  absl::StatusOr<std::vector<TensorId>> inputs();
  // The values of input i, which must be constant here: an axis, a shape, paddings, ...
  absl::StatusOr<std::vector<int64_t>> integers(size_t i);
  absl::StatusOr<int64_t> integer(size_t i);  // its only value
  // Input i, a constant, in float32.
  absl::StatusOr<TensorId> float_constant(size_t i);
  // An axis counted from either end, as one counted from the front.
  absl::StatusOr<int> axis(int64_t axis, size_t rank) const;

  [[nodiscard]] const Tensor& tensor(TensorId id) const { return import_.graph_.tensor(id); }
  [[nodiscard]] const Shape& shape(TensorId id) const { return tensor(id).shape; }

  // A node for the operator's output (the first one), with the fused activation applied to it.
  absl::Status emit(Op op, std::vector<TensorId> inputs,
                    tflite::ActivationFunctionType fused = tflite::ActivationFunctionType::NONE);
  // A node for one output of several.
  absl::Status emit_output(size_t output, Op op, std::vector<TensorId> inputs);
  // A node with all of the operator's outputs.
  absl::Status emit_all(Op op, std::vector<TensorId> inputs);
  // A node before the last. `like` gives the quantisation of a quantised result.
  absl::StatusOr<TensorId> emit_step(Op op, std::vector<TensorId> inputs, const std::string& suffix,
                                     TensorId like = {});
  TensorId add_constant(const std::string& suffix, DataType type, Shape shape,
                        std::vector<std::byte> bytes);
  // The operator's output is `id`, without a node of its own.
  void alias(TensorId id, size_t output = 0);

  // InvalidArgument naming the operator, its output and its shapes.
  template <typename... Parts>
  [[nodiscard]] absl::Status error(const Parts&... parts) const {
    return absl::InvalidArgumentError(
        absl::StrCat(describe(import_.model_, source_), " ", parts...));
  }
  template <typename... Parts>
  [[nodiscard]] absl::Status unsupported(const Parts&... parts) const {
    return absl::UnimplementedError(absl::StrCat(describe(import_.model_, source_), " ", parts...));
  }

 private:
  // Float activations: integer constants beside them are only a compressed form.
  [[nodiscard]] bool float_operator() const;
  absl::StatusOr<TensorId> declare_output(size_t i);
  absl::Status add_node(Op op, std::vector<TensorId> inputs, std::vector<TensorId> outputs);
  absl::Status emit_activated(Op op, std::vector<TensorId> inputs, Op activation);

  GraphImport& import_;
  const SourceOperator& source_;
};

using OpImporter = absl::Status (*)(OpImport& op);

// nullptr for an operator that is not supported.
[[nodiscard]] OpImporter find_importer(tflite::BuiltinOperator code);
// What to use instead of an unsupported operator.
[[nodiscard]] const char* nearest_supported(tflite::BuiltinOperator code);

// import_layers.cc
absl::Status import_conv_2d(OpImport& op);
absl::Status import_depthwise_conv_2d(OpImport& op);
absl::Status import_fully_connected(OpImport& op);
absl::Status import_batch_matmul(OpImport& op);
absl::Status import_pool_2d(OpImport& op);
absl::Status import_resize(OpImport& op);
absl::Status import_depth_to_space(OpImport& op);
absl::Status import_space_to_depth(OpImport& op);

// import_elementwise.cc
absl::Status import_binary(OpImport& op);
absl::Status import_comparison(OpImport& op);
absl::Status import_squared_difference(OpImport& op);
absl::Status import_square(OpImport& op);
absl::Status import_unary(OpImport& op);
absl::Status import_clip(OpImport& op);
absl::Status import_leaky_relu(OpImport& op);
absl::Status import_prelu(OpImport& op);
absl::Status import_softmax(OpImport& op);
absl::Status import_l2_normalization(OpImport& op);
absl::Status import_reduce(OpImport& op);
absl::Status import_cast(OpImport& op);
absl::Status import_quantize(OpImport& op);
absl::Status import_dequantize(OpImport& op);

// import_movement.cc
absl::Status import_pad(OpImport& op);
absl::Status import_concatenation(OpImport& op);
absl::Status import_reshape(OpImport& op);
absl::Status import_squeeze(OpImport& op);
absl::Status import_expand_dims(OpImport& op);
absl::Status import_transpose(OpImport& op);
absl::Status import_slice(OpImport& op);
absl::Status import_strided_slice(OpImport& op);
absl::Status import_split(OpImport& op);
absl::Status import_split_v(OpImport& op);
absl::Status import_gather(OpImport& op);
absl::Status import_pack(OpImport& op);
absl::Status import_unpack(OpImport& op);
absl::Status import_shape(OpImport& op);
absl::Status import_broadcast_to(OpImport& op);
absl::Status import_tile(OpImport& op);

}  // namespace durward
