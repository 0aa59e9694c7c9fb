// Gemm, MatMul  =>  FullyConnected where the second factor is constant, else MatMul
#include <algorithm>

#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

// A constant multiplied by a factor; the same tensor where the factor is 1.
absl::StatusOr<TensorId> scaled(Importer& importer, const NodeView& node, TensorId id,
                                float factor) {
  if (factor == 1.0f) return id;
  const TensorId scale =
      importer.constant_tensor<float>(absl::StrCat(node.output(0), "/factor"), {}, {factor});
  return importer.step(node, "scaled", Binary{BinaryKind::kMul}, {id, scale});
}

// FullyConnected reads its input in the order of the IR. Where that input was flattened from an
// image, which takes a Transpose to ONNX's order, the columns of the weights are put in the IR's
// order instead: x -> Transpose -> Reshape -> FullyConnected  =>  x -> Reshape -> FullyConnected.
struct Factors {
  TensorId x, weights;
};
absl::StatusOr<Factors> without_transpose(Importer& importer, const NodeView& node,
                                          Factors factors) {
  Graph& graph = importer.graph();
  const NodeId reshape = graph.producer(factors.x);
  const auto* transpose = graph.producer_as<Reshape>(factors.x) == nullptr
                              ? nullptr
                              : graph.producer_as<Transpose>(graph.node(reshape).inputs[0]);
  const Tensor& weights = graph.tensor(factors.weights);
  if (transpose == nullptr || !weights.constant() || weights.quant) return factors;
  const Shape flat = graph.tensor(factors.x).shape;
  const TensorId plain = graph.node(reshape).inputs[0];
  const Shape image = graph.tensor(plain).shape;  // in ONNX's order
  const TensorId source = graph.node(graph.producer(plain)).inputs[0];
  const std::vector<int>& perm = transpose->perm;
  const Permutation columns = inverse(perm);  // ONNX's order to the IR's
  if (flat.size() != 2 || image.empty() || flat[0] != image[0] || columns[0] != 0) return factors;

  // [O,K] -> [O,C,H,W] -> [O,H,W,C] -> [O,K]
  Shape split = image;
  split[0] = weights.shape[0];
  // Weights that do not fit are for the shape inference to name.
  if (weights.type != DataType::kFloat32 || elements(split) != elements(weights.shape)) {
    return factors;
  }
  std::vector<std::byte> bytes = transposed_bytes(*weights.data, split, columns, 4);
  const TensorId reordered =
      graph.add_constant(importer.unique_name(absl::StrCat(weights.name, "/reordered")),
                         weights.type, Shape(weights.shape), std::move(bytes));
  DURWARD_ASSIGN_OR_RETURN(const TensorId x,
                           importer.step(node, "flattened", Reshape{flat}, {source}));
  return Factors{x, reordered};
}

// A bias for N columns if the addend is one: [N], [1,N], a scalar.
absl::StatusOr<std::optional<TensorId>> as_bias(Importer& importer, const NodeView& node,
                                                const ImportedValue& addend, int64_t columns,
                                                float beta) {
  const Shape shape = importer.shape(addend);
  if (!importer.constant_weight(addend)) return std::optional<TensorId>();
  const bool is_row = !shape.empty() && shape.back() == columns && elements(shape) == columns;
  if (!is_row && (elements(shape) != 1 || !importer.constant(addend))) {
    return std::optional<TensorId>();
  }
  TensorId bias;
  if (is_row) {
    DURWARD_ASSIGN_OR_RETURN(const ImportedValue row, importer.reshape(addend, {columns}));
    bias = row.tensor;
  } else {
    DURWARD_ASSIGN_OR_RETURN(const ImportedValue one, importer.reshape(addend, {1}));
    DURWARD_ASSIGN_OR_RETURN(bias, importer.step(node, "bias", Broadcast{{columns}}, {one.tensor}));
  }
  DURWARD_ASSIGN_OR_RETURN(bias, scaled(importer, node, bias, beta));
  return std::optional<TensorId>(bias);
}

}  // namespace

absl::Status import_gemm(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue a, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue b, importer.input(node, 1));
  DURWARD_ASSIGN_OR_RETURN(const auto c, importer.optional_input(node, 2));
  const Shape a_shape = importer.shape(a), b_shape = importer.shape(b);
  if (a_shape.size() != 2 || b_shape.size() != 2) {
    return node.invalid(absl::StrCat("factors ", to_string(a_shape), " and ", to_string(b_shape),
                                     " are not matrices"));
  }
  const bool transpose_a = node.get_int("transA", 0) != 0;
  const bool transpose_b = node.get_int("transB", 0) != 0;
  const float alpha = node.get_float("alpha", 1.0f);
  const float beta = node.get_float("beta", 1.0f);
  const Permutation straight = {0, 1}, swapped = {1, 0};
  DURWARD_ASSIGN_OR_RETURN(TensorId x, importer.in_order(a, transpose_a ? swapped : straight));
  const int64_t columns = b_shape[transpose_b ? 0 : 1];

  Op op = FullyConnected{};
  TensorId y;
  if (importer.constant_weight(b)) {
    DURWARD_ASSIGN_OR_RETURN(y, importer.in_order(b, transpose_b ? straight : swapped));
    DURWARD_ASSIGN_OR_RETURN(y, scaled(importer, node, y, alpha));
    DURWARD_ASSIGN_OR_RETURN(const Factors factors, without_transpose(importer, node, {x, y}));
    x = factors.x;
    y = factors.weights;
    if (!c) return importer.emit(node, op, {x, y}, straight);
    DURWARD_ASSIGN_OR_RETURN(const auto bias, as_bias(importer, node, *c, columns, beta));
    if (bias) return importer.emit(node, op, {x, y, *bias}, straight);
  } else {
    op = MatMul{};
    DURWARD_ASSIGN_OR_RETURN(y, importer.in_order(b, transpose_b ? swapped : straight));
    DURWARD_ASSIGN_OR_RETURN(x, scaled(importer, node, x, alpha));
    if (!c) return importer.emit(node, op, {x, y}, straight);
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId product, importer.step(node, "product", op, {x, y}));
  DURWARD_ASSIGN_OR_RETURN(TensorId addend, importer.operand(*c, straight));
  DURWARD_ASSIGN_OR_RETURN(addend, scaled(importer, node, addend, beta));
  return importer.emit(node, Binary{BinaryKind::kAdd}, {product, addend}, straight);
}

absl::Status import_matmul(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue a, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue b, importer.input(node, 1));
  const Shape a_shape = importer.shape(a), b_shape = importer.shape(b);
  if (a_shape.empty() || b_shape.empty()) return node.invalid("a factor is a scalar");
  if (a_shape.size() == 1 || b_shape.size() == 1) {
    return node.unimplemented(
        "a factor is a vector; matrices (at least 2 dimensions) are"
        " supported");
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, importer.plain(a));
  const Permutation plain = identity_permutation(std::max(a_shape.size(), b_shape.size()));
  if (b_shape.size() == 2 && importer.constant_weight(b)) {
    DURWARD_ASSIGN_OR_RETURN(const TensorId weights, importer.in_order(b, {1, 0}));
    DURWARD_ASSIGN_OR_RETURN(const Factors factors,
                             without_transpose(importer, node, {x, weights}));
    return importer.emit(node, FullyConnected{}, {factors.x, factors.weights}, plain);
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId y, importer.plain(b));
  return importer.emit(node, MatMul{}, {x, y}, plain);
}

}  // namespace durward
