// Ops that ONNX defines as a function of simpler ones, which the IR has.
#include <cmath>

#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

// (x - mean) / sqrt(variance + epsilon) over the stored `axes`, in the order of x.
absl::StatusOr<ImportedValue> standardised(Importer& importer, const NodeView& node,
                                           const ImportedValue& x, const std::vector<int>& axes) {
  const Reduce mean_over{ReduceKind::kMean, axes, true};
  const TensorId epsilon = importer.constant_tensor<float>(absl::StrCat(node.output(0), "/epsilon"),
                                                           {}, {node.get_float("epsilon", 1e-5f)});
  DURWARD_ASSIGN_OR_RETURN(const TensorId mean, importer.step(node, "mean", mean_over, {x.tensor}));
  DURWARD_ASSIGN_OR_RETURN(
      const TensorId centred,
      importer.step(node, "centred", Binary{BinaryKind::kSub}, {x.tensor, mean}));
  DURWARD_ASSIGN_OR_RETURN(
      const TensorId squared,
      importer.step(node, "squared", Binary{BinaryKind::kMul}, {centred, centred}));
  DURWARD_ASSIGN_OR_RETURN(const TensorId variance,
                           importer.step(node, "variance", mean_over, {squared}));
  DURWARD_ASSIGN_OR_RETURN(
      const TensorId raised,
      importer.step(node, "raised", Binary{BinaryKind::kAdd}, {variance, epsilon}));
  DURWARD_ASSIGN_OR_RETURN(const TensorId deviation,
                           importer.step(node, "deviation", Unary{UnaryKind::kSqrt}, {raised}));
  DURWARD_ASSIGN_OR_RETURN(
      const TensorId result,
      importer.step(node, "standardised", Binary{BinaryKind::kDiv}, {centred, deviation}));
  return ImportedValue{result, x.order};
}

// scale * x + bias; the output of the node.
absl::Status emit_scaled(Importer& importer, const NodeView& node, const ImportedValue& x,
                         const ImportedValue& scale, const std::optional<ImportedValue>& bias) {
  if (!bias) return emit_binary(importer, node, BinaryKind::kMul, x, scale);
  DURWARD_ASSIGN_OR_RETURN(const TensorId factor, importer.operand(scale, x.order));
  DURWARD_ASSIGN_OR_RETURN(
      const TensorId product,
      importer.step(node, "scaled", Binary{BinaryKind::kMul}, {x.tensor, factor}));
  return emit_binary(importer, node, BinaryKind::kAdd, {product, x.order}, *bias);
}

}  // namespace

absl::Status import_layer_normalization(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue scale, importer.input(node, 1));
  DURWARD_ASSIGN_OR_RETURN(const auto bias, importer.optional_input(node, 2));
  if (node.has_output(1) || node.has_output(2)) {
    return node.unimplemented("the outputs with mean and deviation are not supported");
  }
  const size_t rank = x.order.size();
  DURWARD_ASSIGN_OR_RETURN(const int first, front_axis(node, node.get_int("axis", -1), rank));
  if (scale.order.size() > rank || (bias && bias->order.size() > rank)) {
    return node.invalid("its scale or bias has more dimensions than its input");
  }
  std::vector<int> axes;
  for (size_t i = 0; i < rank; ++i) {
    if (x.order[i] >= first) axes.push_back(static_cast<int>(i));
  }
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue y, standardised(importer, node, x, axes));
  return emit_scaled(importer, node, y, scale, bias);
}

absl::Status import_instance_normalization(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const Shape shape = importer.shape(x);
  if (shape.size() < 3) return node.invalid("its input has no spatial dimensions");
  ImportedValue parameters[2];
  for (int i = 0; i < 2; ++i) {
    DURWARD_ASSIGN_OR_RETURN(const ImportedValue given, importer.input(node, i + 1));
    if (importer.shape(given) != Shape{shape[1]}) {
      return node.invalid("its scale or bias does not have one element for each channel");
    }
    Shape column(shape.size() - 1, 1);  // [C,1,1]
    column[0] = shape[1];
    DURWARD_ASSIGN_OR_RETURN(parameters[i], importer.reshape(given, column));
  }
  std::vector<int> axes;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (x.order[i] >= 2) axes.push_back(static_cast<int>(i));
  }
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue y, standardised(importer, node, x, axes));
  return emit_scaled(importer, node, y, parameters[0], parameters[1]);
}

absl::Status import_gelu(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const std::string approximate = node.get_string("approximate", "none");
  const auto number = [&](const char* name, double value) {
    return importer.constant_tensor<float>(absl::StrCat(node.output(0), "/", name), {},
                                           {static_cast<float>(value)});
  };
  const auto binary = [&](const char* name, BinaryKind kind, TensorId a, TensorId b) {
    return importer.step(node, name, Binary{kind}, {a, b});
  };
  TensorId inner = x.tensor;
  UnaryKind curve = UnaryKind::kErf;
  if (approximate == "tanh") {  // tanh(sqrt(2/pi) (x + 0.044715 x^3))
    curve = UnaryKind::kTanh;
    DURWARD_ASSIGN_OR_RETURN(const TensorId square,
                             binary("square", BinaryKind::kMul, x.tensor, x.tensor));
    DURWARD_ASSIGN_OR_RETURN(const TensorId weighted, binary("weighted", BinaryKind::kMul, square,
                                                             number("cubic", 0.044715)));
    DURWARD_ASSIGN_OR_RETURN(const TensorId factor,
                             binary("factor", BinaryKind::kAdd, weighted, number("one", 1)));
    DURWARD_ASSIGN_OR_RETURN(inner, binary("sum", BinaryKind::kMul, x.tensor, factor));
    DURWARD_ASSIGN_OR_RETURN(
        inner, binary("inner", BinaryKind::kMul, inner, number("slope", std::sqrt(2.0 / M_PI))));
  } else if (approximate == "none") {  // erf(x / sqrt(2))
    DURWARD_ASSIGN_OR_RETURN(
        inner, binary("inner", BinaryKind::kMul, inner, number("slope", std::sqrt(0.5))));
  } else {
    return node.invalid("approximate should be none or tanh");
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId curved,
                           importer.step(node, "curve", Unary{curve}, {inner}));
  DURWARD_ASSIGN_OR_RETURN(const TensorId gate,
                           binary("gate", BinaryKind::kAdd, curved, number("shift", 1)));
  DURWARD_ASSIGN_OR_RETURN(const TensorId half,
                           binary("half", BinaryKind::kMul, x.tensor, number("share", 0.5)));
  return importer.emit(node, Binary{BinaryKind::kMul}, {half, gate}, x.order);
}

}  // namespace durward
