// Importers of what keeps its input's shape, broadcasts it, or reduces it along axes.
#include <algorithm>
#include <limits>

#include "formats/tflite/import.h"

namespace durward {
namespace {

using tflite::ActivationFunctionType;
using tflite::BuiltinOperator;

template <typename Options>
ActivationFunctionType fused_in(const OpImport& op) {
  const auto* options = op.optional_options<Options>();
  return options == nullptr ? ActivationFunctionType::NONE : options->fused_activation_function();
}

std::vector<std::byte> scalar_bytes(float value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

absl::Status import_binary(OpImport& op) {
  Binary binary;
  ActivationFunctionType fused = ActivationFunctionType::NONE;
  switch (op.code()) {
    case BuiltinOperator::ADD:
      binary.kind = BinaryKind::kAdd;
      fused = fused_in<tflite::AddOptions>(op);
      break;
    case BuiltinOperator::SUB:
      binary.kind = BinaryKind::kSub;
      fused = fused_in<tflite::SubOptions>(op);
      break;
    case BuiltinOperator::MUL:
      binary.kind = BinaryKind::kMul;
      fused = fused_in<tflite::MulOptions>(op);
      break;
    case BuiltinOperator::DIV:
      binary.kind = BinaryKind::kDiv;
      fused = fused_in<tflite::DivOptions>(op);
      break;
    case BuiltinOperator::POW:
      binary.kind = BinaryKind::kPow;
      break;
    case BuiltinOperator::MAXIMUM:
      binary.kind = BinaryKind::kMaximum;
      break;
    default:
      binary.kind = BinaryKind::kMinimum;
      break;
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId a, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(const TensorId b, op.input(1));
  return op.emit(binary, {a, b}, fused);
}

// The file's truth values are 1 and 0 in the type of the operands here, so that a CAST to that type
// is no step.
absl::Status import_comparison(OpImport& op) {
  const bool swapped =
      op.code() == BuiltinOperator::GREATER || op.code() == BuiltinOperator::LESS_EQUAL;
  const bool less = op.code() == BuiltinOperator::LESS || op.code() == BuiltinOperator::GREATER;
  DURWARD_ASSIGN_OR_RETURN(const TensorId a, op.input(swapped ? 1 : 0));
  DURWARD_ASSIGN_OR_RETURN(const TensorId b, op.input(swapped ? 0 : 1));
  if (op.tensor(a).type != DataType::kFloat32) {
    return op.unsupported("compares integers; floats can be compared");
  }
  const Binary binary{less ? BinaryKind::kLess : BinaryKind::kGreaterOrEqual};
  DURWARD_ASSIGN_OR_RETURN(const TensorId result, op.emit_step(binary, {a, b}, "", a));
  op.alias(result);
  return absl::OkStatus();
}

absl::Status import_square(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  return op.emit(Binary{BinaryKind::kMul}, {x, x});
}

absl::Status import_squared_difference(OpImport& op) {
  if (op.quantized()) {
    return op.unsupported("in integers rounds once; use SUB and MUL, each with its own scale");
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId a, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(const TensorId b, op.input(1));
  DURWARD_ASSIGN_OR_RETURN(const TensorId difference,
                           op.emit_step(Binary{BinaryKind::kSub}, {a, b}, "/difference", a));
  return op.emit(Binary{BinaryKind::kMul}, {difference, difference});
}

absl::Status import_unary(OpImport& op) {
  Unary unary;
  switch (op.code()) {
    case BuiltinOperator::RELU:
      unary.kind = UnaryKind::kRelu;
      break;
    case BuiltinOperator::RELU6:
      unary.kind = UnaryKind::kRelu6;
      break;
    case BuiltinOperator::ABS:
      unary.kind = UnaryKind::kAbs;
      break;
    case BuiltinOperator::NEG:
      unary.kind = UnaryKind::kNeg;
      break;
    case BuiltinOperator::SQRT:
      unary.kind = UnaryKind::kSqrt;
      break;
    case BuiltinOperator::RSQRT:
      unary.kind = UnaryKind::kRsqrt;
      break;
    case BuiltinOperator::EXP:
      unary.kind = UnaryKind::kExp;
      break;
    case BuiltinOperator::LOG:
      unary.kind = UnaryKind::kLog;
      break;
    case BuiltinOperator::LOGISTIC:
      unary.kind = UnaryKind::kSigmoid;
      break;
    case BuiltinOperator::TANH:
      unary.kind = UnaryKind::kTanh;
      break;
    case BuiltinOperator::HARD_SWISH:
      unary.kind = UnaryKind::kHardSwish;
      break;
    case BuiltinOperator::FLOOR:
      unary.kind = UnaryKind::kFloor;
      break;
    default:
      unary.kind = UnaryKind::kCeil;
      break;
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  return op.emit(unary, {x});
}

absl::Status import_clip(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  return op.emit(Clip{op.code() == BuiltinOperator::RELU_N1_TO_1 ? -1.0f : 0.0f, 1}, {x});
}

absl::Status import_leaky_relu(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::LeakyReluOptions>());
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  return op.emit(LeakyRelu{options->alpha()}, {x});
}

// TFLite's slope has leading ones (1x1xC); the IR's is [C] where that says the same.
absl::Status import_prelu(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(TensorId slope, op.float_constant(1));
  const Shape& shape = op.shape(slope);
  const bool per_channel =
      shape.size() > 1 &&
      std::all_of(shape.begin(), shape.end() - 1, [](int64_t dimension) { return dimension == 1; });
  if (per_channel) {
    const Tensor& tensor = op.tensor(slope);
    slope = op.add_constant("/slope", DataType::kFloat32, {shape.back()},
                            {tensor.data->begin(), tensor.data->end()});
  }
  return op.emit(PRelu{}, {x, slope});
}

absl::Status import_softmax(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const auto* options, op.options<tflite::SoftmaxOptions>());
  DURWARD_ASSIGN_OR_RETURN(TensorId x, op.input(0));
  const size_t rank = op.shape(x).size();
  if (rank == 0) return op.error("takes at least one dimension");
  if (options->beta() != 1.0f) {
    if (op.quantized()) return op.unsupported("in integers has beta ", options->beta(), ", not 1");
    const TensorId beta =
        op.add_constant("/beta", DataType::kFloat32, {}, scalar_bytes(options->beta()));
    DURWARD_ASSIGN_OR_RETURN(x, op.emit_step(Binary{BinaryKind::kMul}, {x, beta}, "/scaled"));
  }
  return op.emit(Softmax{static_cast<int>(rank) - 1}, {x});
}

// x / max(norm, 1e-6) along the last axis.
absl::Status import_l2_normalization(OpImport& op) {
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  const size_t rank = op.shape(x).size();
  if (rank == 0) return op.error("takes at least one dimension");
  constexpr float kEpsilon = 1e-12f;
  return op.emit(L2Normalize{static_cast<int>(rank) - 1, kEpsilon}, {x},
                 fused_in<tflite::L2NormOptions>(op));
}

absl::Status import_reduce(OpImport& op) {
  const auto* options = op.optional_options<tflite::ReducerOptions>();
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, op.integers(1));
  Reduce reduce;
  reduce.keep_dims = options != nullptr && options->keep_dims();
  switch (op.code()) {
    case BuiltinOperator::MEAN:
      reduce.kind = ReduceKind::kMean;
      break;
    case BuiltinOperator::SUM:
      reduce.kind = ReduceKind::kSum;
      break;
    case BuiltinOperator::REDUCE_MAX:
      reduce.kind = ReduceKind::kMax;
      break;
    default:
      reduce.kind = ReduceKind::kMin;
      break;
  }
  for (const int64_t axis : axes) {
    DURWARD_ASSIGN_OR_RETURN(const int normalized, op.axis(axis, op.shape(x).size()));
    reduce.axes.push_back(normalized);
  }
  std::sort(reduce.axes.begin(), reduce.axes.end());
  reduce.axes.erase(std::unique(reduce.axes.begin(), reduce.axes.end()), reduce.axes.end());
  return op.emit(std::move(reduce), {x});
}

absl::Status import_cast(OpImport& op) {
  const auto type = op.source_output().data_type();
  if (!type) {
    return op.unsupported("casts to ", tflite::EnumNameTensorType(op.source_output().type));
  }
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  const DataType to = *type == DataType::kFloat16 ? DataType::kFloat32 : *type;
  if (op.tensor(x).type == to) {
    op.alias(x);
    return absl::OkStatus();
  }
  return op.emit(Cast{to}, {x});
}

// From float, or from one quantisation to another.
absl::Status import_quantize(OpImport& op) {
  if (!op.quantized()) return op.error("has an output without scale and zero point");
  DURWARD_ASSIGN_OR_RETURN(TensorId x, op.input(0));
  if (op.tensor(x).quant) {
    // uint8 to int8 with the zero point moved: no step is left after the shift.
    if (op.tensor(x).type == DataType::kInt8 && op.tensor(x).quant == op.output_quant()) {
      op.alias(x);
      return absl::OkStatus();
    }
    DURWARD_ASSIGN_OR_RETURN(x, op.emit_step(Dequantize{}, {x}, "/real"));
  }
  return op.emit(Quantize{}, {x});
}

absl::Status import_dequantize(OpImport& op) {
  // A constant arrives in float32 here, since the result is float.
  DURWARD_ASSIGN_OR_RETURN(const TensorId x, op.input(0));
  if (op.tensor(x).type == DataType::kFloat32) {
    op.alias(x);
    return absl::OkStatus();
  }
  if (!op.tensor(x).quant) return op.error("has an input without scale and zero point");
  return op.emit(Dequantize{}, {x});
}

}  // namespace durward
