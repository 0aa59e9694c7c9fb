#include "formats/tflite/operator_version.h"

#include <algorithm>
#include <vector>

namespace durward {
namespace {

using tflite::BuiltinOperator;
using tflite::TensorType;

// What versions depend on.
struct Operands {
  const tflite::OperatorT& op;
  const tflite::SubGraphT& subgraph;

  [[nodiscard]] const tflite::TensorT& input(size_t i) const {
    return *subgraph.tensors[static_cast<size_t>(op.inputs[i])];
  }
  [[nodiscard]] const tflite::TensorT& output() const {
    return *subgraph.tensors[static_cast<size_t>(op.outputs[0])];
  }
  [[nodiscard]] bool type_is(TensorType type, size_t i = 0) const { return input(i).type == type; }
  [[nodiscard]] size_t rank() const { return input(0).shape.size(); }
  // Two inputs of different shapes, one of them of more than 4 dimensions.
  [[nodiscard]] bool broadcasts_above_4d() const {
    return input(0).shape != input(1).shape &&
           std::max(input(0).shape.size(), input(1).shape.size()) > 4;
  }
};

int32_t conv_2d_version(const Operands& operands) {
  const bool grouped = operands.input(0).shape[3] != operands.input(1).shape[3];
  if (grouped) return 6;
  return operands.type_is(TensorType::INT8) ? 3 : 1;
}

int32_t depthwise_conv_2d_version(const Operands& operands) {
  if (operands.type_is(TensorType::INT8)) return 3;
  const auto* options = operands.op.builtin_options.AsDepthwiseConv2DOptions();
  return options->dilation_h_factor != 1 || options->dilation_w_factor != 1 ? 2 : 1;
}

int32_t fully_connected_version(const Operands& operands) {
  if (operands.op.builtin_options.AsFullyConnectedOptions()->keep_num_dims) return 5;
  return operands.type_is(TensorType::INT8) ? 4 : 1;
}

int32_t mul_version(const Operands& operands) {
  if (operands.type_is(TensorType::INT64)) return 5;
  if (!operands.type_is(TensorType::INT8)) return 1;
  const auto scale = [](const tflite::TensorT& tensor) { return tensor.quantization->scale[0]; };
  const float rescale =
      scale(operands.input(0)) * scale(operands.input(1)) / scale(operands.output());
  return rescale >= 1.0f ? 3 : 2;
}

int32_t transpose_version(const Operands& operands) {
  if (operands.rank() > 6) return 8;
  if (operands.rank() > 5) return 6;
  if (operands.rank() > 4) return 4;
  if (operands.type_is(TensorType::BOOL)) return 3;
  return operands.type_is(TensorType::INT8) ? 2 : 1;
}

int32_t cast_version(const Operands& operands) {
  const TensorType from = operands.input(0).type, to = operands.output().type;
  if (from == TensorType::FLOAT16 || to == TensorType::FLOAT16) return 5;
  return from == TensorType::INT8 || to == TensorType::INT8 ? 3 : 1;
}

// What AllOpsResolver of TFLite Micro registered in spring 2020 (tensorflow commit 00979ee27ac7,
// lite/micro/kernels/all_ops_resolver.cc): the highest version; 0 where there is none.
int32_t highest_of_micro_2020(BuiltinOperator code) {
  switch (code) {
    case BuiltinOperator::FULLY_CONNECTED:
      return 4;
    case BuiltinOperator::CONV_2D:
    case BuiltinOperator::DEPTHWISE_CONV_2D:
    case BuiltinOperator::CONCATENATION:
    case BuiltinOperator::SPLIT:
    case BuiltinOperator::MUL:
      return 3;
    case BuiltinOperator::SOFTMAX:
    case BuiltinOperator::AVERAGE_POOL_2D:
    case BuiltinOperator::ADD:
    case BuiltinOperator::DEQUANTIZE:
    case BuiltinOperator::GREATER_EQUAL:
    case BuiltinOperator::LESS:
    case BuiltinOperator::PACK:
    case BuiltinOperator::PAD:
    case BuiltinOperator::PADV2:
    case BuiltinOperator::UNPACK:
      return 2;
    case BuiltinOperator::MAX_POOL_2D:
    case BuiltinOperator::LOGISTIC:
    case BuiltinOperator::ABS:
    case BuiltinOperator::LOG:
    case BuiltinOperator::SQRT:
    case BuiltinOperator::RSQRT:
    case BuiltinOperator::SQUARE:
    case BuiltinOperator::PRELU:
    case BuiltinOperator::FLOOR:
    case BuiltinOperator::MAXIMUM:
    case BuiltinOperator::MINIMUM:
    case BuiltinOperator::RESHAPE:
    case BuiltinOperator::CEIL:
    case BuiltinOperator::STRIDED_SLICE:
    case BuiltinOperator::NEG:
    case BuiltinOperator::QUANTIZE:
    case BuiltinOperator::RELU:
    case BuiltinOperator::RELU6:
    case BuiltinOperator::MEAN:
    case BuiltinOperator::SQUEEZE:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

std::optional<int32_t> version_within(TfliteOps ops, BuiltinOperator code, int32_t version) {
  constexpr int32_t kWithInt8 = 2;
  if (ops != TfliteOps::kMicro2020) return version;
  const int32_t highest = highest_of_micro_2020(code);
  if (highest == 0 || (version > highest && version > kWithInt8)) return std::nullopt;
  return std::min(version, highest);
}

int32_t operator_version(BuiltinOperator code, const tflite::OperatorT& op,
                         const tflite::SubGraphT& subgraph) {
  const Operands operands{op, subgraph};
  const bool int8 = operands.type_is(TensorType::INT8);
  const int32_t int8_second = int8 ? 2 : 1;
  switch (code) {
    case BuiltinOperator::CONV_2D:
      return conv_2d_version(operands);
    case BuiltinOperator::DEPTHWISE_CONV_2D:
      return depthwise_conv_2d_version(operands);
    case BuiltinOperator::FULLY_CONNECTED:
      return fully_connected_version(operands);
    case BuiltinOperator::MUL:
      return mul_version(operands);
    case BuiltinOperator::TRANSPOSE:
      return transpose_version(operands);
    case BuiltinOperator::CAST:
      return cast_version(operands);
    case BuiltinOperator::ADD:
      return operands.type_is(TensorType::INT64) ? 4 : int8_second;
    case BuiltinOperator::SUB:
      if (operands.type_is(TensorType::INT64)) return 4;
      return operands.broadcasts_above_4d() ? 3 : int8_second;
    case BuiltinOperator::MAXIMUM:
    case BuiltinOperator::MINIMUM:
      return operands.broadcasts_above_4d() ? 3 : int8_second;
    case BuiltinOperator::DIV:
      return operands.broadcasts_above_4d() ? 2 : 1;
    case BuiltinOperator::PAD:
    case BuiltinOperator::PADV2:
      if (operands.type_is(TensorType::BOOL)) return 5;
      return operands.rank() > 4 ? 4 : int8_second;
    case BuiltinOperator::SLICE:
      return operands.rank() > 4 ? 5 : int8_second;
    case BuiltinOperator::STRIDED_SLICE:
      if (operands.rank() > 4) return 4;
      return operands.type_is(TensorType::BOOL) ? 3 : int8_second;
    case BuiltinOperator::SPLIT:  // (axis, x)
      if (operands.type_is(TensorType::INT32, 1)) return 3;
      return operands.type_is(TensorType::INT8, 1) ? 2 : 1;
    case BuiltinOperator::RESIZE_BILINEAR:
      return op.builtin_options.AsResizeBilinearOptions()->half_pixel_centers ? 3 : int8_second;
    case BuiltinOperator::RESIZE_NEAREST_NEIGHBOR: {
      const auto* options = op.builtin_options.AsResizeNearestNeighborOptions();
      return options->half_pixel_centers || options->align_corners ? 3 : int8_second;
    }
    case BuiltinOperator::GATHER:
      return operands.type_is(TensorType::BOOL) ? 3 : int8_second;
    case BuiltinOperator::DEQUANTIZE:
      return operands.type_is(TensorType::FLOAT16) ? 3 : int8_second;
    case BuiltinOperator::BROADCAST_TO:
      return int8 ? 3 : 2;
    case BuiltinOperator::TILE:
      return int8 ? 3 : 1;
    case BuiltinOperator::ABS:
      return operands.type_is(TensorType::INT32) ? 5 : int8_second;
    // Defined for int8 since their first version.
    case BuiltinOperator::PRELU:
    case BuiltinOperator::LEAKY_RELU:
    case BuiltinOperator::HARD_SWISH:
    case BuiltinOperator::RESHAPE:
    case BuiltinOperator::QUANTIZE:
      return 1;
    default:
      return int8_second;
  }
}

}  // namespace durward
