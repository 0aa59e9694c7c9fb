// The handlers: each maps one ONNX node to the IR. To add an op, write its handler in the file of
// its kind, declare it here and name it in import_table.cc.
//
// A handler answers Unimplemented (with only the reason) for a form of the op that the IR cannot
// express, InvalidArgument for a node that is broken. It need not check attribute types: the
// caller looks at NodeView::status().
#pragma once

#include <string_view>

#include "formats/onnx/importer.h"

namespace durward {

using OnnxHandler = absl::Status (*)(Importer&, const NodeView&);

// The handler of an op of ONNX's own domain, nullptr where there is none.
[[nodiscard]] OnnxHandler find_onnx_handler(std::string_view op);
// What to use in place of an op without a handler.
[[nodiscard]] std::string_view nearest_supported(std::string_view op);

// import_conv.cc
absl::Status import_conv(Importer& importer, const NodeView& node);
// import_pool.cc
absl::Status import_pool(Importer& importer, const NodeView& node);
absl::Status import_global_pool(Importer& importer, const NodeView& node);
// import_linear.cc
absl::Status import_gemm(Importer& importer, const NodeView& node);
absl::Status import_matmul(Importer& importer, const NodeView& node);
// import_recurrent.cc
absl::Status import_lstm(Importer& importer, const NodeView& node);
absl::Status import_gru(Importer& importer, const NodeView& node);
// import_elementwise.cc
absl::Status import_binary(Importer& importer, const NodeView& node);
absl::Status import_comparison(Importer& importer, const NodeView& node);
absl::Status import_variadic(Importer& importer, const NodeView& node);
absl::Status import_unary(Importer& importer, const NodeView& node);
absl::Status import_leaky_relu(Importer& importer, const NodeView& node);
absl::Status import_hard_sigmoid(Importer& importer, const NodeView& node);
absl::Status import_clip(Importer& importer, const NodeView& node);
absl::Status import_prelu(Importer& importer, const NodeView& node);
absl::Status import_reciprocal(Importer& importer, const NodeView& node);
absl::Status import_cast(Importer& importer, const NodeView& node);
absl::Status import_identity(Importer& importer, const NodeView& node);
absl::Status import_dropout(Importer& importer, const NodeView& node);
// import_normalization.cc
absl::Status import_batch_normalization(Importer& importer, const NodeView& node);
absl::Status import_lp_normalization(Importer& importer, const NodeView& node);
absl::Status import_softmax(Importer& importer, const NodeView& node);
// import_reduce.cc
absl::Status import_reduce(Importer& importer, const NodeView& node);
// import_resize.cc
absl::Status import_resize(Importer& importer, const NodeView& node);
// import_shape.cc: ops that change or ask for a shape
absl::Status import_shape(Importer& importer, const NodeView& node);
absl::Status import_size(Importer& importer, const NodeView& node);
absl::Status import_reshape(Importer& importer, const NodeView& node);
absl::Status import_flatten(Importer& importer, const NodeView& node);
absl::Status import_squeeze(Importer& importer, const NodeView& node);
absl::Status import_unsqueeze(Importer& importer, const NodeView& node);
absl::Status import_transpose(Importer& importer, const NodeView& node);
// import_movement.cc: ops that copy elements
absl::Status import_concat(Importer& importer, const NodeView& node);
absl::Status import_split(Importer& importer, const NodeView& node);
absl::Status import_slice(Importer& importer, const NodeView& node);
absl::Status import_pad(Importer& importer, const NodeView& node);
absl::Status import_expand(Importer& importer, const NodeView& node);
absl::Status import_tile(Importer& importer, const NodeView& node);
absl::Status import_gather(Importer& importer, const NodeView& node);
absl::Status import_depth_to_space(Importer& importer, const NodeView& node);
absl::Status import_space_to_depth(Importer& importer, const NodeView& node);
// import_quantize.cc
absl::Status import_quantize_linear(Importer& importer, const NodeView& node);
absl::Status import_dequantize_linear(Importer& importer, const NodeView& node);
// import_composed.cc: written with several nodes
absl::Status import_layer_normalization(Importer& importer, const NodeView& node);
absl::Status import_instance_normalization(Importer& importer, const NodeView& node);
absl::Status import_gelu(Importer& importer, const NodeView& node);
// import_constant.cc: constants, and ops of shape arithmetic that are only ever folded
absl::Status import_constant(Importer& importer, const NodeView& node);
absl::Status import_constant_of_shape(Importer& importer, const NodeView& node);
absl::Status import_equal(Importer& importer, const NodeView& node);
absl::Status import_not(Importer& importer, const NodeView& node);
absl::Status import_where(Importer& importer, const NodeView& node);
absl::Status import_range(Importer& importer, const NodeView& node);

// ---- shared by handlers ----

// `axis` counted from the front: -rank..rank-1 to 0..rank-1.
[[nodiscard]] absl::StatusOr<int> front_axis(const NodeView& node, int64_t axis, size_t rank);
// The same for a list, ascending; InvalidArgument where one is named twice.
[[nodiscard]] absl::StatusOr<std::vector<int>> front_axes(const NodeView& node,
                                                          const std::vector<int64_t>& axes,
                                                          size_t rank);
// The IR's axis for an axis of ONNX.
[[nodiscard]] int stored_axis(const ImportedValue& value, int onnx_axis);

// The order in which an elementwise result of several operands is stored: that of the first
// operand of full rank, not constant if possible.
[[nodiscard]] Permutation result_order(const Importer& importer,
                                       const std::vector<ImportedValue>& operands);

// Adds a Binary over two values of any order, under the node's first output.
absl::Status emit_binary(Importer& importer, const NodeView& node, BinaryKind kind,
                         const ImportedValue& a, const ImportedValue& b);

}  // namespace durward
