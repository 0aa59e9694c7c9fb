// Elementwise ops, and those that change only the type.
#include <algorithm>
#include <cmath>

#include "formats/onnx/exporter.h"

namespace durward {
namespace {

std::string_view binary_name(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return "Add";
    case BinaryKind::kSub:
      return "Sub";
    case BinaryKind::kMul:
      return "Mul";
    case BinaryKind::kDiv:
      return "Div";
    case BinaryKind::kPow:
      return "Pow";
    case BinaryKind::kMaximum:
      return "Max";
    case BinaryKind::kMinimum:
      return "Min";
    case BinaryKind::kLess:
      return "Less";
    case BinaryKind::kGreaterOrEqual:
      return "GreaterOrEqual";
  }
  return "";
}

// The ONNX op of a kind that is one; empty for those written with several.
std::string_view unary_name(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::kRelu:
      return "Relu";
    case UnaryKind::kAbs:
      return "Abs";
    case UnaryKind::kNeg:
      return "Neg";
    case UnaryKind::kSqrt:
      return "Sqrt";
    case UnaryKind::kExp:
      return "Exp";
    case UnaryKind::kLog:
      return "Log";
    case UnaryKind::kSigmoid:
      return "Sigmoid";
    case UnaryKind::kTanh:
      return "Tanh";
    case UnaryKind::kErf:
      return "Erf";
    case UnaryKind::kFloor:
      return "Floor";
    case UnaryKind::kCeil:
      return "Ceil";
    case UnaryKind::kRelu6:
    case UnaryKind::kRsqrt:
    case UnaryKind::kHardSwish:
      return "";
  }
  return "";
}

std::string add_clip(Exporter& exporter, const std::string& wanted, const std::string& input,
                     float low, float high) {
  const std::string no_limit;
  const std::string min =
      std::isinf(low) ? no_limit : exporter.float_scalar(absl::StrCat(wanted, "_min"), low);
  const std::string max =
      std::isinf(high) ? no_limit : exporter.float_scalar(absl::StrCat(wanted, "_max"), high);
  return exporter.add("Clip", wanted, {input, min, max});
}

// Adds an op of one input in the order that the input has.
absl::Status export_unary(Exporter& exporter, const Node& node, const std::string& op) {
  const Permutation order =
      common_order(exporter, node.inputs, exporter.shape(node.inputs[0]).size());
  return exporter.store(node,
                        exporter.add(op, exporter.result_name(node.outputs[0]),
                                     {exporter.value(node.inputs[0], order)}),
                        order);
}

}  // namespace

absl::Status export_op(Exporter& exporter, const Node& node, const Binary& op) {
  const TensorId a = node.inputs[0], b = node.inputs[1];
  const size_t rank = exporter.shape(node.outputs[0]).size();
  const Permutation order = common_order(exporter, node.inputs, rank);
  const auto keeps_rank = [&](TensorId other) { return exporter.shape(other).size() == rank; };
  const std::string left = exporter.operand(a, order, keeps_rank(b));
  // Of two constants one must keep its dimensions.
  const bool right_may_drop = keeps_rank(a) && !exporter.constant(a);
  const std::string right = exporter.operand(b, order, right_may_drop);
  const std::string wanted = exporter.result_name(node.outputs[0], op.activation);
  const std::string kind(binary_name(op.kind));
  std::string name;
  if (is_comparison(op.kind)) {
    name = exporter.add("Cast", wanted, {exporter.add(kind, wanted + "_holds", {left, right})});
    exporter.attribute("to", exporter.element_type(exporter.tensor(node.outputs[0]).type));
  } else {
    name = exporter.add(kind, wanted, {left, right});
  }
  return exporter.store(node, name, order, op.activation);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Unary& op) {
  const std::string_view single = unary_name(op.kind);
  if (!single.empty()) return export_unary(exporter, node, std::string(single));
  if (op.kind == UnaryKind::kHardSwish && exporter.opset() >= 14) {
    return export_unary(exporter, node, "HardSwish");
  }
  const Permutation order =
      common_order(exporter, node.inputs, exporter.shape(node.inputs[0]).size());
  const std::string input = exporter.value(node.inputs[0], order);
  const std::string wanted = exporter.result_name(node.outputs[0]);
  if (op.kind == UnaryKind::kRelu6) {
    return exporter.store(node, add_clip(exporter, wanted, input, 0.0f, 6.0f), order);
  }
  if (op.kind == UnaryKind::kRsqrt) {
    const std::string root = exporter.add("Sqrt", wanted + "_sqrt", {input});
    return exporter.store(node, exporter.add("Reciprocal", wanted, {root}), order);
  }
  const std::string gate = exporter.add("HardSigmoid", wanted + "_gate", {input});
  exporter.attribute("alpha", 1.0f / 6.0f);
  exporter.attribute("beta", 0.5f);
  return exporter.store(node, exporter.add("Mul", wanted, {input, gate}), order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const LeakyRelu& op) {
  const Permutation order =
      common_order(exporter, node.inputs, exporter.shape(node.inputs[0]).size());
  const std::string name = exporter.add("LeakyRelu", exporter.result_name(node.outputs[0]),
                                        {exporter.value(node.inputs[0], order)});
  exporter.attribute("alpha", op.alpha);
  return exporter.store(node, name, order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const HardSigmoid& op) {
  const Permutation order =
      common_order(exporter, node.inputs, exporter.shape(node.inputs[0]).size());
  const std::string name = exporter.add("HardSigmoid", exporter.result_name(node.outputs[0]),
                                        {exporter.value(node.inputs[0], order)});
  exporter.attribute("alpha", op.alpha);
  exporter.attribute("beta", op.beta);
  return exporter.store(node, name, order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Clip& op) {
  const Permutation order =
      common_order(exporter, node.inputs, exporter.shape(node.inputs[0]).size());
  return exporter.store(node,
                        add_clip(exporter, exporter.result_name(node.outputs[0]),
                                 exporter.value(node.inputs[0], order), op.min, op.max),
                        order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const PRelu&) {
  const TensorId x = node.inputs[0];
  const Permutation order = common_order(exporter, {x}, exporter.shape(x).size());
  return exporter.store(
      node,
      exporter.add("PRelu", exporter.result_name(node.outputs[0]),
                   {exporter.value(x, order), exporter.operand(node.inputs[1], order, true)}),
      order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Cast& op) {
  const Permutation order =
      common_order(exporter, node.inputs, exporter.shape(node.inputs[0]).size());
  const std::string name = exporter.add("Cast", exporter.result_name(node.outputs[0]),
                                        {exporter.value(node.inputs[0], order)});
  exporter.attribute("to", exporter.element_type(op.to));
  return exporter.store(node, name, order);
}

absl::Status export_op(Exporter& exporter, const Node& node, const Identity&) {
  const TensorId x = node.inputs[0];
  if (exporter.constant(x)) return export_unary(exporter, node, "Identity");
  exporter.alias(node.outputs[0], x, exporter.order(x));
  return absl::OkStatus();
}

absl::Status export_op(Exporter& exporter, const Node& node, const Quantize&) {
  const TensorId y = node.outputs[0];
  if (exporter.already_stored(y)) return absl::OkStatus();  // the caller quantises
  const TensorId x = node.inputs[0];
  const Permutation order = common_order(exporter, {x}, exporter.shape(x).size());
  exporter.store(y, exporter.value(x, order), order);
  return absl::OkStatus();
}

absl::Status export_op(Exporter& exporter, const Node& node, const Dequantize&) {
  const TensorId x = node.inputs[0];
  if (exporter.constant(node.outputs[0])) return absl::OkStatus();  // written where it is used
  exporter.alias(node.outputs[0], x, exporter.order(x));
  return absl::OkStatus();
}

}  // namespace durward
