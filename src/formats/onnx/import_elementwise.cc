// Elementwise ops, in whatever order their inputs are stored.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "formats/onnx/import_ops.h"
#include "formats/onnx/proto_tensor.h"

namespace durward {
namespace {

struct BinaryName {
  std::string_view op;
  BinaryKind kind;
};
constexpr std::array<BinaryName, 9> kBinaries = {{{"Add", BinaryKind::kAdd},
                                                  {"Sub", BinaryKind::kSub},
                                                  {"Mul", BinaryKind::kMul},
                                                  {"Div", BinaryKind::kDiv},
                                                  {"Pow", BinaryKind::kPow},
                                                  {"Max", BinaryKind::kMaximum},
                                                  {"Min", BinaryKind::kMinimum},
                                                  {"Sum", BinaryKind::kAdd},
                                                  {"Mean", BinaryKind::kAdd}}};

struct UnaryName {
  std::string_view op;
  UnaryKind kind;
};
constexpr std::array<UnaryName, 12> kUnaries = {{{"Relu", UnaryKind::kRelu},
                                                 {"Abs", UnaryKind::kAbs},
                                                 {"Neg", UnaryKind::kNeg},
                                                 {"Sqrt", UnaryKind::kSqrt},
                                                 {"Exp", UnaryKind::kExp},
                                                 {"Log", UnaryKind::kLog},
                                                 {"Sigmoid", UnaryKind::kSigmoid},
                                                 {"Tanh", UnaryKind::kTanh},
                                                 {"HardSwish", UnaryKind::kHardSwish},
                                                 {"Erf", UnaryKind::kErf},
                                                 {"Floor", UnaryKind::kFloor},
                                                 {"Ceil", UnaryKind::kCeil}}};

BinaryKind binary_kind(std::string_view op) {
  return std::find_if(kBinaries.begin(), kBinaries.end(),
                      [op](const BinaryName& entry) { return entry.op == op; })
      ->kind;
}

// The operands of a Binary in one order.
absl::StatusOr<std::vector<TensorId>> operands(Importer& importer, const NodeView& node,
                                               const ImportedValue& a, const ImportedValue& b,
                                               const Permutation& order) {
  if (importer.tensor(a).type != importer.tensor(b).type) {
    return node.invalid(absl::StrCat("operands are ",
                                     std::string(to_string(importer.tensor(a).type)), " and ",
                                     std::string(to_string(importer.tensor(b).type))));
  }
  std::vector<TensorId> ids(2);
  // The operand of full rank first: it must keep its rank, a constant beside it need not.
  if (importer.constant(a) && importer.constant(b)) {
    DURWARD_ASSIGN_OR_RETURN(ids[0], importer.in_order(a, identity_permutation(a.order.size())));
    DURWARD_ASSIGN_OR_RETURN(ids[1], importer.in_order(b, identity_permutation(b.order.size())));
    return ids;
  }
  const ImportedValue* values[2] = {&a, &b};
  for (size_t i = 0; i < 2; ++i) {
    const ImportedValue& other = *values[1 - i];
    if (importer.constant(*values[i]) && other.order.size() < order.size()) {
      DURWARD_ASSIGN_OR_RETURN(ids[i], importer.in_order(*values[i], order));
    } else {
      DURWARD_ASSIGN_OR_RETURN(ids[i], importer.operand(*values[i], order));
    }
  }
  return ids;
}

absl::Status emit_unary(Importer& importer, const NodeView& node, Op op) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  return importer.emit(node, std::move(op), {x.tensor}, x.order);
}

// A bound of Clip: an attribute before opset 11, an input since.
absl::StatusOr<float> clip_bound(Importer& importer, const NodeView& node,
                                 std::string_view attribute, int input, float fallback) {
  if (node.opset() < 11) return node.get_float(attribute, fallback);
  DURWARD_ASSIGN_OR_RETURN(const auto bound, importer.optional_input(node, input));
  if (!bound) return fallback;
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> value, importer.floats(node, *bound));
  if (value.size() != 1) return node.invalid("its bounds should be scalars");
  return value[0];
}

}  // namespace

Permutation result_order(const Importer& importer, const std::vector<ImportedValue>& operands) {
  size_t rank = 0;
  for (const ImportedValue& value : operands) rank = std::max(rank, value.order.size());
  for (const bool constants : {false, true}) {
    for (const ImportedValue& value : operands) {
      if (importer.constant(value) == constants && value.order.size() == rank) return value.order;
    }
  }
  return identity_permutation(rank);
}

absl::Status emit_binary(Importer& importer, const NodeView& node, BinaryKind kind,
                         const ImportedValue& a, const ImportedValue& b) {
  const bool fold = importer.constant(a) && importer.constant(b);
  const Permutation order = fold ? identity_permutation(std::max(a.order.size(), b.order.size()))
                                 : result_order(importer, {a, b});
  DURWARD_ASSIGN_OR_RETURN(std::vector<TensorId> ids, operands(importer, node, a, b, order));
  return importer.emit(node, Binary{kind}, std::move(ids), order);
}

absl::Status import_binary(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue a, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(ImportedValue b, importer.input(node, 1));
  if (node.op() == "Pow" && importer.tensor(a).type != importer.tensor(b).type &&
      importer.constant(b)) {
    // The exponent may have a type of its own.
    DURWARD_ASSIGN_OR_RETURN(
        b.tensor, importer.step(node, "exponent", Cast{importer.tensor(a).type}, {b.tensor}));
  }
  return emit_binary(importer, node, binary_kind(node.op()), a, b);
}

// Truth values are 1 and 0 in the type of the operands, so that a Cast to that type is no step.
absl::Status import_comparison(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(ImportedValue a, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(ImportedValue b, importer.input(node, 1));
  if (importer.tensor(a).type != DataType::kFloat32) {
    return node.unimplemented("comparing integers is not supported; floats are");
  }
  const bool less = node.op() == "Less" || node.op() == "Greater";
  if (node.op() == "Greater" || node.op() == "LessOrEqual") std::swap(a, b);
  return emit_binary(importer, node, less ? BinaryKind::kLess : BinaryKind::kGreaterOrEqual, a, b);
}

absl::Status import_variadic(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(ImportedValue result, importer.input(node, 0));
  const int count = node.proto().input_size();
  const bool mean = node.op() == "Mean";
  if (count == 1) return importer.alias(node, result);
  const BinaryKind kind = binary_kind(node.op());
  for (int i = 1; i < count; ++i) {
    DURWARD_ASSIGN_OR_RETURN(const ImportedValue next, importer.input(node, i));
    if (i == count - 1 && !mean) return emit_binary(importer, node, kind, result, next);
    const Permutation order = result_order(importer, {result, next});
    DURWARD_ASSIGN_OR_RETURN(std::vector<TensorId> ids,
                             operands(importer, node, result, next, order));
    DURWARD_ASSIGN_OR_RETURN(const TensorId partial,
                             importer.step(node, "partial", Binary{kind}, std::move(ids)));
    result = {partial, order};
  }
  const TensorId share = importer.constant_tensor<float>(absl::StrCat(node.output(0), "/share"), {},
                                                         {1.0f / static_cast<float>(count)});
  return importer.emit(node, Binary{BinaryKind::kMul}, {result.tensor, share}, result.order);
}

absl::Status import_unary(Importer& importer, const NodeView& node) {
  const auto* entry = std::find_if(kUnaries.begin(), kUnaries.end(),
                                   [&](const UnaryName& name) { return name.op == node.op(); });
  return emit_unary(importer, node, Unary{entry->kind});
}

absl::Status import_leaky_relu(Importer& importer, const NodeView& node) {
  return emit_unary(importer, node, LeakyRelu{node.get_float("alpha", 0.01f)});
}

absl::Status import_hard_sigmoid(Importer& importer, const NodeView& node) {
  return emit_unary(importer, node,
                    HardSigmoid{node.get_float("alpha", 0.2f), node.get_float("beta", 0.5f)});
}

absl::Status import_clip(Importer& importer, const NodeView& node) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  if (importer.tensor(x).type != DataType::kFloat32) {
    return node.unimplemented("clipping integers is not supported; floats are");
  }
  DURWARD_ASSIGN_OR_RETURN(const float low, clip_bound(importer, node, "min", 1, -infinity));
  DURWARD_ASSIGN_OR_RETURN(const float high, clip_bound(importer, node, "max", 2, infinity));
  if (!(low <= high)) return node.invalid(absl::StrCat("min ", low, " is above max ", high));
  // The names that runtimes know best.
  if (low == 0.0f && high == 6.0f) return emit_unary(importer, node, Unary{UnaryKind::kRelu6});
  if (low == 0.0f && std::isinf(high)) return emit_unary(importer, node, Unary{UnaryKind::kRelu});
  return emit_unary(importer, node, Clip{low, high});
}

absl::Status import_prelu(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue slope, importer.input(node, 1));
  if (slope.order.size() > x.order.size()) {
    return node.invalid("its slope has more dimensions than its input");
  }
  DURWARD_ASSIGN_OR_RETURN(TensorId operand, importer.operand(slope, x.order));
  const Shape& stored = importer.tensor(x).shape;
  if (elements(importer.graph().tensor(operand).shape) == 1 && !stored.empty() &&
      importer.constant(slope)) {
    // One slope for all: one for each channel, the form that is fused into convolutions.
    DURWARD_ASSIGN_OR_RETURN(operand,
                             importer.step(node, "slope", Broadcast{{stored.back()}}, {operand}));
  }
  return importer.emit(node, PRelu{}, {x.tensor, operand}, x.order);
}

absl::Status import_reciprocal(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const TensorId one =
      importer.constant_tensor<float>(absl::StrCat(node.output(0), "/one"), {}, {1.0f});
  return importer.emit(node, Binary{BinaryKind::kDiv}, {one, x.tensor}, x.order);
}

absl::Status import_cast(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const auto element_type = static_cast<int>(node.get_int("to", 0));
  const std::optional<DataType> type = data_type_of(element_type);
  if (!type) {
    return node.unimplemented(
        absl::StrCat("the type ", element_type_name(element_type), " is not supported"));
  }
  if (*type == importer.tensor(x).type) return importer.alias(node, x);
  return importer.emit(node, Cast{*type}, {x.tensor}, x.order);
}

absl::Status import_identity(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(ImportedValue x, importer.input(node, 0));
  return importer.alias(node, std::move(x));
}

absl::Status import_dropout(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(ImportedValue x, importer.input(node, 0));
  if (node.has_output(1)) return node.unimplemented("the output with the mask is not supported");
  DURWARD_ASSIGN_OR_RETURN(const auto training, importer.optional_input(node, 2));
  if (training) {
    const Tensor& flag = importer.tensor(*training);
    if (!flag.constant() || flag.type != DataType::kBool || flag.values<uint8_t>().size() != 1) {
      return node.unimplemented("training_mode must be a constant");
    }
    if (flag.values<uint8_t>()[0] != 0) {
      return node.unimplemented("the model is in training mode; export it in evaluation mode");
    }
  }
  return importer.alias(node, std::move(x));
}

}  // namespace durward
