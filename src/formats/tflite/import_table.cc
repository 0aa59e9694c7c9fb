// Which importer reads which operator, and what to use instead of one that is not read.
#include "formats/tflite/import.h"

namespace durward {
namespace {

using tflite::BuiltinOperator;

struct Entry {
  BuiltinOperator code;
  OpImporter importer;
};

constexpr Entry kImporters[] = {
    {BuiltinOperator::ABS, import_unary},
    {BuiltinOperator::ADD, import_binary},
    {BuiltinOperator::AVERAGE_POOL_2D, import_pool_2d},
    {BuiltinOperator::BATCH_MATMUL, import_batch_matmul},
    {BuiltinOperator::BROADCAST_TO, import_broadcast_to},
    {BuiltinOperator::CAST, import_cast},
    {BuiltinOperator::CEIL, import_unary},
    {BuiltinOperator::CONCATENATION, import_concatenation},
    {BuiltinOperator::CONV_2D, import_conv_2d},
    {BuiltinOperator::DEPTHWISE_CONV_2D, import_depthwise_conv_2d},
    {BuiltinOperator::DEPTH_TO_SPACE, import_depth_to_space},
    {BuiltinOperator::DEQUANTIZE, import_dequantize},
    {BuiltinOperator::DIV, import_binary},
    {BuiltinOperator::EXP, import_unary},
    {BuiltinOperator::EXPAND_DIMS, import_expand_dims},
    {BuiltinOperator::FLOOR, import_unary},
    {BuiltinOperator::FULLY_CONNECTED, import_fully_connected},
    {BuiltinOperator::GATHER, import_gather},
    {BuiltinOperator::GREATER, import_comparison},
    {BuiltinOperator::GREATER_EQUAL, import_comparison},
    {BuiltinOperator::HARD_SWISH, import_unary},
    {BuiltinOperator::L2_NORMALIZATION, import_l2_normalization},
    {BuiltinOperator::LEAKY_RELU, import_leaky_relu},
    {BuiltinOperator::LESS, import_comparison},
    {BuiltinOperator::LESS_EQUAL, import_comparison},
    {BuiltinOperator::LOG, import_unary},
    {BuiltinOperator::LOGISTIC, import_unary},
    {BuiltinOperator::MAXIMUM, import_binary},
    {BuiltinOperator::MAX_POOL_2D, import_pool_2d},
    {BuiltinOperator::MEAN, import_reduce},
    {BuiltinOperator::MINIMUM, import_binary},
    {BuiltinOperator::MUL, import_binary},
    {BuiltinOperator::NEG, import_unary},
    {BuiltinOperator::PACK, import_pack},
    {BuiltinOperator::PAD, import_pad},
    {BuiltinOperator::PADV2, import_pad},
    {BuiltinOperator::POW, import_binary},
    {BuiltinOperator::PRELU, import_prelu},
    {BuiltinOperator::QUANTIZE, import_quantize},
    {BuiltinOperator::REDUCE_MAX, import_reduce},
    {BuiltinOperator::REDUCE_MIN, import_reduce},
    {BuiltinOperator::RELU, import_unary},
    {BuiltinOperator::RELU6, import_unary},
    {BuiltinOperator::RELU_0_TO_1, import_clip},
    {BuiltinOperator::RELU_N1_TO_1, import_clip},
    {BuiltinOperator::RESHAPE, import_reshape},
    {BuiltinOperator::RESIZE_BILINEAR, import_resize},
    {BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, import_resize},
    {BuiltinOperator::RSQRT, import_unary},
    {BuiltinOperator::SHAPE, import_shape},
    {BuiltinOperator::SLICE, import_slice},
    {BuiltinOperator::SOFTMAX, import_softmax},
    {BuiltinOperator::SPACE_TO_DEPTH, import_space_to_depth},
    {BuiltinOperator::SPLIT, import_split},
    {BuiltinOperator::SPLIT_V, import_split_v},
    {BuiltinOperator::SQRT, import_unary},
    {BuiltinOperator::SQUARE, import_square},
    {BuiltinOperator::SQUARED_DIFFERENCE, import_squared_difference},
    {BuiltinOperator::SQUEEZE, import_squeeze},
    {BuiltinOperator::STRIDED_SLICE, import_strided_slice},
    {BuiltinOperator::SUB, import_binary},
    {BuiltinOperator::SUM, import_reduce},
    {BuiltinOperator::TANH, import_unary},
    {BuiltinOperator::TILE, import_tile},
    {BuiltinOperator::TRANSPOSE, import_transpose},
    {BuiltinOperator::UNPACK, import_unpack},
};

}  // namespace

OpImporter find_importer(BuiltinOperator code) {
  for (const Entry& entry : kImporters) {
    if (entry.code == code) return entry.importer;
  }
  return nullptr;
}

const char* nearest_supported(BuiltinOperator code) {
  switch (code) {
    case BuiltinOperator::TRANSPOSE_CONV:
      return "RESIZE_NEAREST_NEIGHBOR and CONV_2D, or CONV_2D and DEPTH_TO_SPACE";
    case BuiltinOperator::CONV_3D:
      return "CONV_2D per frame";
    case BuiltinOperator::ELU:
    case BuiltinOperator::GELU:
      return "LEAKY_RELU, HARD_SWISH or LOGISTIC times the input";
    case BuiltinOperator::LOG_SOFTMAX:
      return "SOFTMAX and LOG";
    case BuiltinOperator::L2_POOL_2D:
      return "MUL, AVERAGE_POOL_2D and SQRT";
    case BuiltinOperator::MIRROR_PAD:
      return "PAD";
    case BuiltinOperator::REVERSE_V2:
      return "STRIDED_SLICE with a stride of -1";
    case BuiltinOperator::GATHER_ND:
      return "GATHER or SLICE";
    case BuiltinOperator::ADD_N:
      return "ADD";
    case BuiltinOperator::REDUCE_PROD:
      return "MUL of slices";
    case BuiltinOperator::EQUAL:
    case BuiltinOperator::NOT_EQUAL:
    case BuiltinOperator::SELECT:
    case BuiltinOperator::SELECT_V2:
    case BuiltinOperator::WHERE:
      return "MAXIMUM, MINIMUM or RELU arithmetic";
    case BuiltinOperator::BATCH_TO_SPACE_ND:
    case BuiltinOperator::SPACE_TO_BATCH_ND:
      return "CONV_2D with dilation";
    case BuiltinOperator::DENSIFY:
      return "dense weights in the file";
    case BuiltinOperator::FAKE_QUANT:
      return "a model converted to full integer";
    case BuiltinOperator::FILL:
    case BuiltinOperator::ZEROS_LIKE:
    case BuiltinOperator::RANGE:
      return "a constant tensor";
    case BuiltinOperator::IF:
    case BuiltinOperator::WHILE:
    case BuiltinOperator::CALL:
      return "a model without control flow";
    default:
      return "leaving it out of the model and computing it outside";
  }
}

}  // namespace durward
