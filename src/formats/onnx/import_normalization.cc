// BatchNormalization, LpNormalization, Softmax and LogSoftmax
#include <numeric>

#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

// Opsets before 13 flatten x at `axis` and normalise each row of the matrix as a whole.
absl::StatusOr<ImportedValue> flattened_softmax(Importer& importer, const NodeView& node,
                                                const ImportedValue& x, const Shape& shape,
                                                int axis) {
  int64_t rows = 1;
  for (int i = 0; i < axis; ++i) rows *= shape[static_cast<size_t>(i)];
  const int64_t columns =
      std::accumulate(shape.begin() + axis, shape.end(), int64_t{1}, std::multiplies<>());
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue matrix, importer.reshape(x, {rows, columns}));
  DURWARD_ASSIGN_OR_RETURN(const TensorId plain, importer.plain(matrix));
  DURWARD_ASSIGN_OR_RETURN(const TensorId result, importer.step(node, "rows", Softmax{1}, {plain}));
  return importer.reshape({result, {0, 1}}, shape);
}

}  // namespace

absl::Status import_batch_normalization(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const bool more_outputs = node.has_output(1) || node.has_output(2);
  if (node.get_int("training_mode", 0) != 0 || more_outputs) {
    return node.unimplemented("the model is in training mode; export it in evaluation mode");
  }
  if (x.order.size() < 2) return node.invalid("its input has no channel dimension");
  std::vector<TensorId> inputs{x.tensor};
  for (int i = 1; i < 5; ++i) {
    DURWARD_ASSIGN_OR_RETURN(const ImportedValue parameter, importer.input(node, i));
    if (!importer.constant(parameter)) {
      return node.unimplemented("its parameters must be constant");
    }
    inputs.push_back(parameter.tensor);
  }
  const BatchNorm op{.epsilon = node.get_float("epsilon", 1e-5f), .axis = stored_axis(x, 1)};
  return importer.emit(node, op, std::move(inputs), x.order);
}

absl::Status import_lp_normalization(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  if (node.get_int("p", 2) != 2) {
    return node.unimplemented("p must be 2: normalisation by other norms is not supported");
  }
  DURWARD_ASSIGN_OR_RETURN(const int axis,
                           front_axis(node, node.get_int("axis", -1), x.order.size()));
  // ONNX has no epsilon; this one only keeps 0 / 0 out.
  return importer.emit(node, L2Normalize{.axis = stored_axis(x, axis), .epsilon = 1e-30f},
                       {x.tensor}, x.order);
}

absl::Status import_softmax(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const Shape shape = importer.shape(x);
  const bool flattens = node.opset() < 13;
  DURWARD_ASSIGN_OR_RETURN(const int axis,
                           front_axis(node, node.get_int("axis", flattens ? 1 : -1), shape.size()));
  const bool log = node.op() == "LogSoftmax";
  const int64_t behind =
      std::accumulate(shape.begin() + axis + 1, shape.end(), int64_t{1}, std::multiplies<>());
  if (!flattens || behind == 1) {
    const Softmax op{stored_axis(x, axis)};
    if (!log) return importer.emit(node, op, {x.tensor}, x.order);
    DURWARD_ASSIGN_OR_RETURN(const TensorId softmax,
                             importer.step(node, "softmax", op, {x.tensor}));
    return importer.emit(node, Unary{UnaryKind::kLog}, {softmax}, x.order);
  }
  DURWARD_ASSIGN_OR_RETURN(ImportedValue result, flattened_softmax(importer, node, x, shape, axis));
  if (!log) return importer.alias(node, std::move(result));
  return importer.emit(node, Unary{UnaryKind::kLog}, {result.tensor}, result.order);
}

}  // namespace durward
