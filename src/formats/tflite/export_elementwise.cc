// Export of what keeps its input's shape, broadcasts it, or reduces it along axes.
#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/tflite/export.h"

namespace durward {
namespace {

using tflite::ActivationFunctionType;
using tflite::BuiltinOperator;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr const char* kKeepFloat = "has no int8 form in TFLite; leave it float when quantising";

// The quantisations that TFLite's specification fixes: for results in [0, 1) and in [-1, 1).
QuantParams unit_quant() { return {{1.0f / 256.0f}, {-128}, -1}; }
QuantParams signed_unit_quant() { return {{1.0f / 128.0f}, {0}, -1}; }

template <typename Options>
tflite::BuiltinOptionsUnion with_fused(Activation activation) {
  Options options;
  if (activation == Activation::kRelu) {
    options.fused_activation_function = ActivationFunctionType::RELU;
  } else if (activation == Activation::kRelu6) {
    options.fused_activation_function = ActivationFunctionType::RELU6;
  }
  return make_options(std::move(options));
}

// Operators without a field for it get the activation as an operator of its own.
void add_binary_with_activation(NodeExport& node, BuiltinOperator code, Activation activation,
                                int32_t a, int32_t b, int32_t result) {
  if (activation == Activation::kNone) {
    node.add(code, {a, b}, {result});
    return;
  }
  const int32_t linear = node.step("/linear", node.out().quant);
  node.add(code, {a, b}, {linear});
  node.add(activation == Activation::kRelu ? BuiltinOperator::RELU : BuiltinOperator::RELU6,
           {linear}, {result});
}

// In int8 they compare without rescaling: one quantisation for all three.
absl::Status export_extremum(NodeExport& node, const Binary& op) {
  const auto& quant = node.out().quant;
  const int32_t a = node.input_with(0, quant);
  const int32_t b = node.input_with(1, quant);
  add_binary_with_activation(
      node, op.kind == BinaryKind::kMaximum ? BuiltinOperator::MAXIMUM : BuiltinOperator::MINIMUM,
      op.activation, a, b, node.output());
  return absl::OkStatus();
}

// A truth value, and a CAST of it.
absl::Status export_comparison(NodeExport& node, BinaryKind kind) {
  if (node.quantized()) return node.unsupported(kKeepFloat);
  const int32_t holds = node.step("/holds", DataType::kBool, node.out().shape, {});
  node.add(kind == BinaryKind::kLess ? BuiltinOperator::LESS : BuiltinOperator::GREATER_EQUAL,
           {node.input(0), node.input(1)}, {holds});
  node.add(BuiltinOperator::CAST, {holds}, {node.output()});
  return absl::OkStatus();
}

struct UnaryForm {
  BuiltinOperator code;
  bool integer;                            // has an int8 kernel
  std::optional<QuantParams> result = {};  // the quantisation that the int8 kernel demands
};

std::optional<UnaryForm> unary_form(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::kRelu:
      return UnaryForm{BuiltinOperator::RELU, true};
    case UnaryKind::kRelu6:
      return UnaryForm{BuiltinOperator::RELU6, true};
    case UnaryKind::kAbs:
      return UnaryForm{BuiltinOperator::ABS, true};
    case UnaryKind::kNeg:
      return UnaryForm{BuiltinOperator::NEG, false};
    case UnaryKind::kSqrt:
      return UnaryForm{BuiltinOperator::SQRT, false};
    case UnaryKind::kRsqrt:
      return UnaryForm{BuiltinOperator::RSQRT, true};
    case UnaryKind::kExp:
      return UnaryForm{BuiltinOperator::EXP, true};
    case UnaryKind::kLog:
      return UnaryForm{BuiltinOperator::LOG, true};
    case UnaryKind::kSigmoid:
      return UnaryForm{BuiltinOperator::LOGISTIC, true, unit_quant()};
    case UnaryKind::kTanh:
      return UnaryForm{BuiltinOperator::TANH, true, signed_unit_quant()};
    case UnaryKind::kHardSwish:
      return UnaryForm{BuiltinOperator::HARD_SWISH, true};
    case UnaryKind::kFloor:
      return UnaryForm{BuiltinOperator::FLOOR, false};
    case UnaryKind::kCeil:
      return UnaryForm{BuiltinOperator::CEIL, false};
    case UnaryKind::kErf:
      break;
  }
  return std::nullopt;
}

}  // namespace

absl::Status export_op(NodeExport& node, const Binary& op) {
  if (op.kind == BinaryKind::kMaximum || op.kind == BinaryKind::kMinimum) {
    return export_extremum(node, op);
  }
  if (is_comparison(op.kind)) return export_comparison(node, op.kind);
  const int32_t a = node.input(0);
  const int32_t b = node.input(1);
  switch (op.kind) {
    case BinaryKind::kAdd:
      node.add(BuiltinOperator::ADD, {a, b}, {node.output()},
               with_fused<tflite::AddOptionsT>(op.activation));
      return absl::OkStatus();
    case BinaryKind::kSub:
      node.add(BuiltinOperator::SUB, {a, b}, {node.output()},
               with_fused<tflite::SubOptionsT>(op.activation));
      return absl::OkStatus();
    case BinaryKind::kMul:
      node.add(BuiltinOperator::MUL, {a, b}, {node.output()},
               with_fused<tflite::MulOptionsT>(op.activation));
      return absl::OkStatus();
    case BinaryKind::kDiv:
      if (node.quantized()) return node.unsupported(kKeepFloat);
      node.add(BuiltinOperator::DIV, {a, b}, {node.output()},
               with_fused<tflite::DivOptionsT>(op.activation));
      return absl::OkStatus();
    case BinaryKind::kPow:
      if (node.quantized()) return node.unsupported(kKeepFloat);
      add_binary_with_activation(node, BuiltinOperator::POW, op.activation, a, b, node.output());
      return absl::OkStatus();
    case BinaryKind::kMaximum:
    case BinaryKind::kMinimum:
    case BinaryKind::kLess:
    case BinaryKind::kGreaterOrEqual:
      break;
  }
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Unary& op) {
  const auto form = unary_form(op.kind);
  if (!form) return node.unsupported("has no TFLite operator");
  if (node.quantized() && !form->integer) return node.unsupported(kKeepFloat);
  const bool fixed = node.quantized() && form->result;
  node.with_result(fixed ? form->result : node.out().quant,
                   [&](int32_t result) { node.add(form->code, {node.input()}, {result}); });
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const LeakyRelu& op) {
  tflite::LeakyReluOptionsT options;
  options.alpha = op.alpha;
  node.add(BuiltinOperator::LEAKY_RELU, {node.input()}, {node.output()}, make_options(options));
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Clip& op) {
  const bool from_zero = op.min == 0.0f;
  if (from_zero && (op.max == 6.0f || op.max == kInfinity)) {
    node.add(op.max == 6.0f ? BuiltinOperator::RELU6 : BuiltinOperator::RELU, {node.input()},
             {node.output()});
    return absl::OkStatus();
  }
  if (!node.quantized() && op.min == -1.0f && op.max == 1.0f) {
    node.add(BuiltinOperator::RELU_N1_TO_1, {node.input()}, {node.output()});
    return absl::OkStatus();
  }
  const auto& quant = node.in().quant;
  const bool above = op.max != kInfinity;
  const bool below = op.min != -kInfinity;
  if (!above && !below) return export_reshape(node, node.out().shape);
  int32_t x = node.input();
  if (above && below) {
    const int32_t limited = node.step("/limited", quant);
    node.add(BuiltinOperator::MINIMUM, {x, node.scalar("/max", op.max, quant)}, {limited});
    x = limited;
  }
  node.with_result(quant, [&](int32_t result) {
    if (below) {
      node.add(BuiltinOperator::MAXIMUM, {x, node.scalar("/min", op.min, quant)}, {result});
    } else {
      node.add(BuiltinOperator::MINIMUM, {x, node.scalar("/max", op.max, quant)}, {result});
    }
  });
  return absl::OkStatus();
}

// min(relu(alpha * x + beta), 1)
absl::Status export_op(NodeExport& node, const HardSigmoid& op) {
  if (node.quantized()) return node.unsupported(kKeepFloat);
  const int32_t scaled = node.step("/scaled", {});
  const int32_t shifted = node.step("/shifted", {});
  node.add(BuiltinOperator::MUL, {node.input(), node.scalar("/alpha", op.alpha, {})}, {scaled},
           make_options(tflite::MulOptionsT{}));
  node.add(BuiltinOperator::ADD, {scaled, node.scalar("/beta", op.beta, {})}, {shifted},
           with_fused<tflite::AddOptionsT>(Activation::kRelu));
  node.add(BuiltinOperator::MINIMUM, {shifted, node.scalar("/one", 1.0f, {})}, {node.output()});
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const PRelu&) {
  return export_prelu(node, node.input(), 1);
}

absl::Status export_prelu(NodeExport& node, int32_t x, size_t slope) {
  const Tensor& source = node.in(slope);
  // Per channel, as TFLite has it: a one for each other dimension but the batch.
  Shape shape = source.shape;
  const size_t rank = node.out().shape.size();
  if (shape.size() == 1 && rank > 2) shape.insert(shape.begin(), rank - 2, 1);
  int32_t alpha = 0;
  if (!source.constant()) {
    if (node.quantized()) return node.unsupported("has a computed slope; it must be constant");
    alpha = node.input(slope);
  } else if (!node.quantized() || source.type == DataType::kInt8) {
    alpha = node.constant("/alpha", source.type, shape, *source.data, source.quant);
  } else {
    const auto slopes = source.values<float>();
    float largest = 0;
    for (const float value : slopes) largest = std::max(largest, std::abs(value));
    const float scale = largest > 0 ? largest / 127.0f : 1.0f;
    std::vector<int8_t> levels;
    for (const float value : slopes) {
      levels.push_back(
          static_cast<int8_t>(std::clamp(std::nearbyint(value / scale), -127.0f, 127.0f)));
    }
    alpha = node.constant("/alpha", DataType::kInt8, shape, std::as_bytes(std::span(levels)),
                          QuantParams{{scale}, {0}, -1});
  }
  node.add(BuiltinOperator::PRELU, {x, alpha}, {node.output()});
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Softmax& op) {
  if (op.axis != static_cast<int>(node.in().shape.size()) - 1) {
    return node.unsupported("works along axis ", op.axis, "; TFLite's works along the last");
  }
  tflite::SoftmaxOptionsT options;
  options.beta = 1.0f;
  const auto quant = node.quantized() ? std::optional(unit_quant()) : std::nullopt;
  node.with_result(quant, [&](int32_t result) {
    node.add(BuiltinOperator::SOFTMAX, {node.input()}, {result}, make_options(options));
  });
  return absl::OkStatus();
}

// x * gamma / sqrt(variance + epsilon) + (beta - mean * gamma / sqrt(variance + epsilon))
absl::Status export_op(NodeExport& node, const BatchNorm& op) {
  if (node.quantized()) return node.unsupported("must be folded into a layer before quantising");
  for (size_t i = 1; i < 5; ++i) {
    if (!node.in(i).constant() || node.in(i).type != DataType::kFloat32) {
      return node.unsupported("has parameters that are not constant float32");
    }
  }
  const auto gamma = node.in(1).values<float>();
  const auto beta = node.in(2).values<float>();
  const auto mean = node.in(3).values<float>();
  const auto variance = node.in(4).values<float>();
  std::vector<float> scale, shift;
  for (size_t c = 0; c < gamma.size(); ++c) {
    const double factor =
        gamma[c] / std::sqrt(static_cast<double>(variance[c]) + static_cast<double>(op.epsilon));
    scale.push_back(static_cast<float>(factor));
    shift.push_back(static_cast<float>(beta[c] - mean[c] * factor));
  }
  // [C, 1, ...] broadcasts along the axis.
  Shape shape(node.in().shape.size() - static_cast<size_t>(op.axis), 1);
  shape[0] = static_cast<int64_t>(gamma.size());
  const int32_t scaled = node.step("/scaled", {});
  node.add(BuiltinOperator::MUL, {node.input(), node.float_constant("/scale", shape, scale)},
           {scaled}, make_options(tflite::MulOptionsT{}));
  node.add(BuiltinOperator::ADD, {scaled, node.float_constant("/shift", shape, shift)},
           {node.output()}, make_options(tflite::AddOptionsT{}));
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const L2Normalize& op) {
  // TFLite's bound on the norm is 1e-6. Another small one tells only near-zero vectors apart.
  constexpr float kLargestEpsilon = 1e-6f;
  if (op.axis != static_cast<int>(node.in().shape.size()) - 1) {
    return node.unsupported("works along axis ", op.axis, "; TFLite's works along the last");
  }
  if (op.epsilon > kLargestEpsilon) {
    return node.unsupported("has epsilon ", op.epsilon, "; TFLite's is 1e-12");
  }
  const auto quant = node.quantized() ? std::optional(signed_unit_quant()) : std::nullopt;
  node.with_result(quant, [&](int32_t result) {
    node.add(BuiltinOperator::L2_NORMALIZATION, {node.input()}, {result},
             make_options(tflite::L2NormOptionsT{}));
  });
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Reduce& op) {
  if (op.axes.empty()) return export_reshape(node, node.out().shape);
  DURWARD_ASSIGN_OR_RETURN(const int32_t axes,
                           node.parameters("/axes", {op.axes.begin(), op.axes.end()},
                                           {static_cast<int64_t>(op.axes.size())}));
  tflite::ReducerOptionsT options;
  options.keep_dims = op.keep_dims;
  const auto reduce = [&](BuiltinOperator code, int32_t x, int32_t result) {
    node.add(code, {x, axes}, {result}, make_options(options));
  };
  switch (op.kind) {
    case ReduceKind::kMean:
      reduce(BuiltinOperator::MEAN, node.input(), node.output());
      return absl::OkStatus();
    case ReduceKind::kSum:
      reduce(BuiltinOperator::SUM, node.input(), node.output());
      return absl::OkStatus();
    case ReduceKind::kMax:
    case ReduceKind::kMin:
      node.with_result(node.in().quant, [&](int32_t result) {
        reduce(
            op.kind == ReduceKind::kMax ? BuiltinOperator::REDUCE_MAX : BuiltinOperator::REDUCE_MIN,
            node.input(), result);
      });
      return absl::OkStatus();
    case ReduceKind::kSumSquare:
    case ReduceKind::kL2:
      break;
  }
  if (node.quantized()) return node.unsupported(kKeepFloat);
  const int32_t squares = node.step("/squares", node.in().type, node.in().shape, {});
  node.add(BuiltinOperator::MUL, {node.input(), node.input()}, {squares},
           make_options(tflite::MulOptionsT{}));
  if (op.kind == ReduceKind::kSumSquare) {
    reduce(BuiltinOperator::SUM, squares, node.output());
  } else {
    const int32_t sum = node.step("/sum", {});
    reduce(BuiltinOperator::SUM, squares, sum);
    node.add(BuiltinOperator::SQRT, {sum}, {node.output()});
  }
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Cast&) {
  node.add(BuiltinOperator::CAST, {node.input()}, {node.output()});
  return absl::OkStatus();
}

// From float, or, where a Dequantize feeds only this, from the quantisation before it.
absl::Status export_op(NodeExport& node, const Quantize&) {
  const Graph& graph = node.graph();
  const TensorId real = node.input_id();
  const bool rescales = graph.producer_as<Dequantize>(real) != nullptr && graph.used_once(real);
  const int32_t x =
      rescales ? node.tensor(graph.node(graph.producer(real)).inputs[0]) : node.input();
  node.add(BuiltinOperator::QUANTIZE, {x}, {node.output()});
  return absl::OkStatus();
}

absl::Status export_op(NodeExport& node, const Dequantize&) {
  node.add(BuiltinOperator::DEQUANTIZE, {node.input()}, {node.output()});
  return absl::OkStatus();
}

}  // namespace durward
