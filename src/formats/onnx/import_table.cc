#include <algorithm>
#include <array>

#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

struct Entry {
  std::string_view op;
  OnnxHandler handler;
};

constexpr Entry kHandlers[] = {
    {"Abs", import_unary},
    {"Add", import_binary},
    {"AveragePool", import_pool},
    {"BatchNormalization", import_batch_normalization},
    {"Cast", import_cast},
    {"Ceil", import_unary},
    {"Clip", import_clip},
    {"Concat", import_concat},
    {"Constant", import_constant},
    {"ConstantOfShape", import_constant_of_shape},
    {"Conv", import_conv},
    {"DepthToSpace", import_depth_to_space},
    {"DequantizeLinear", import_dequantize_linear},
    {"Div", import_binary},
    {"Dropout", import_dropout},
    {"Equal", import_equal},
    {"Erf", import_unary},
    {"Exp", import_unary},
    {"Expand", import_expand},
    {"Flatten", import_flatten},
    {"Floor", import_unary},
    {"GRU", import_gru},
    {"Gather", import_gather},
    {"Gelu", import_gelu},
    {"Gemm", import_gemm},
    {"GlobalAveragePool", import_global_pool},
    {"GlobalMaxPool", import_global_pool},
    {"Greater", import_comparison},
    {"GreaterOrEqual", import_comparison},
    {"HardSigmoid", import_hard_sigmoid},
    {"HardSwish", import_unary},
    {"Identity", import_identity},
    {"InstanceNormalization", import_instance_normalization},
    {"LayerNormalization", import_layer_normalization},
    {"LSTM", import_lstm},
    {"LeakyRelu", import_leaky_relu},
    {"Less", import_comparison},
    {"LessOrEqual", import_comparison},
    {"Log", import_unary},
    {"LogSoftmax", import_softmax},
    {"LpNormalization", import_lp_normalization},
    {"MatMul", import_matmul},
    {"Max", import_variadic},
    {"MaxPool", import_pool},
    {"Mean", import_variadic},
    {"Min", import_variadic},
    {"Mul", import_binary},
    {"Neg", import_unary},
    {"Not", import_not},
    {"PRelu", import_prelu},
    {"Pad", import_pad},
    {"Pow", import_binary},
    {"QuantizeLinear", import_quantize_linear},
    {"Range", import_range},
    {"Reciprocal", import_reciprocal},
    {"ReduceL1", import_reduce},
    {"ReduceL2", import_reduce},
    {"ReduceMax", import_reduce},
    {"ReduceMean", import_reduce},
    {"ReduceMin", import_reduce},
    {"ReduceSum", import_reduce},
    {"ReduceSumSquare", import_reduce},
    {"Relu", import_unary},
    {"Reshape", import_reshape},
    {"Resize", import_resize},
    {"Shape", import_shape},
    {"Sigmoid", import_unary},
    {"Size", import_size},
    {"Slice", import_slice},
    {"Softmax", import_softmax},
    {"SpaceToDepth", import_space_to_depth},
    {"Split", import_split},
    {"Sqrt", import_unary},
    {"Squeeze", import_squeeze},
    {"Sub", import_binary},
    {"Sum", import_variadic},
    {"Tanh", import_unary},
    {"Tile", import_tile},
    {"Transpose", import_transpose},
    {"Unsqueeze", import_unsqueeze},
    {"Upsample", import_resize},
    {"Where", import_where},
};

struct Advice {
  std::string_view op, instead;
};

constexpr Advice kAdvice[] = {
    {"Loop", "unroll it: trace the model with fixed lengths"},
    {"Scan", "unroll it: trace the model with fixed lengths"},
    {"RNN", "GRU or LSTM; or write the cell with MatMul, Add and Tanh for a fixed number of steps"},
    {"ConvTranspose", "Resize (nearest or linear) followed by Conv"},
    {"DeformConv", "Conv"},
    {"ConvInteger", "Conv between QuantizeLinear and DequantizeLinear (QDQ format)"},
    {"QLinearConv", "Conv between QuantizeLinear and DequantizeLinear (QDQ format)"},
    {"QLinearMatMul", "MatMul between QuantizeLinear and DequantizeLinear (QDQ format)"},
    {"MatMulInteger", "MatMul between QuantizeLinear and DequantizeLinear (QDQ format)"},
    {"DynamicQuantizeLinear", "QuantizeLinear with a constant scale (static quantisation)"},
    {"GroupNormalization", "BatchNormalization"},
    {"Elu", "PRelu or LeakyRelu"},
    {"Selu", "PRelu or LeakyRelu"},
    {"Celu", "PRelu or LeakyRelu"},
    {"ThresholdedRelu", "Relu"},
    {"Softplus", "Relu, or Exp, Add and Log"},
    {"Softsign", "Tanh"},
    {"Mish", "HardSwish"},
    {"LRN", "BatchNormalization"},
    {"LpPool", "AveragePool"},
    {"GlobalLpPool", "GlobalAveragePool"},
    {"MaxUnpool", "Resize"},
    {"MaxRoiPool", "crop before the model"},
    {"RoiAlign", "crop before the model"},
    {"GridSample", "Resize, or align before the model"},
    {"NonMaxSuppression", "end the model before it; detection does it afterwards"},
    {"TopK", "end the model before it"},
    {"ArgMax", "end the model before it"},
    {"ArgMin", "end the model before it"},
    {"Einsum", "MatMul, Mul and ReduceSum"},
    {"GatherElements", "Gather"},
    {"GatherND", "Gather"},
    {"ScatterND", "Concat of slices"},
    {"ScatterElements", "Concat of slices"},
    {"CumSum", "MatMul with a triangular constant"},
    {"Round", "Floor of x + 0.5"},
    {"Mod", "Div, Floor, Mul and Sub"},
    {"Sign", "Clip of a scaled x"},
    {"ReduceProd", "Log, ReduceSum and Exp"},
    {"ReduceLogSum", "ReduceSum and Log"},
    {"ReduceLogSumExp", "Exp, ReduceSum and Log"},
};

}  // namespace

OnnxHandler find_onnx_handler(std::string_view op) {
  const auto* entry = std::find_if(std::begin(kHandlers), std::end(kHandlers),
                                   [op](const Entry& candidate) { return candidate.op == op; });
  return entry == std::end(kHandlers) ? nullptr : entry->handler;
}

std::string_view nearest_supported(std::string_view op) {
  const auto* advice = std::find_if(std::begin(kAdvice), std::end(kAdvice),
                                    [op](const Advice& candidate) { return candidate.op == op; });
  return advice == std::end(kAdvice) ? "a combination of convolutions, products, elementwise ops "
                                       "and reductions"
                                     : advice->instead;
}

}  // namespace durward
