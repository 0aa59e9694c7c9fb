// Conv2D, DepthwiseConv2D, FullyConnected and MatMul.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "compile/lower/lower.h"

namespace durward {
namespace {

// The inputs of the first three: (x, weights, bias?, slope?).
constexpr size_t kWeights = 1, kBias = 2, kSlope = 3;

// The requantisation of a layer's accumulators, one multiplier per output channel and sign.
struct ChannelMultipliers {
  int32_t input_zero_point = 0;
  std::vector<float> positive, negative;
  Int8Output output;
};

// The largest magnitude that channel c's accumulator can reach, whatever the input.
int64_t accumulator_bound(const Tensor& weights, const Tensor* bias, int64_t channels,
                          bool channel_last, int64_t c, int32_t input_zero_point) {
  const int64_t largest_input = std::max(127 - input_zero_point, input_zero_point + 128);
  const auto values = weights.values<int8_t>();
  const int64_t depth = static_cast<int64_t>(values.size()) / channels;
  int64_t sum = 0;
  for (int64_t k = 0; k < depth; ++k) {
    const int64_t index = channel_last ? k * channels + c : c * depth + k;
    sum += std::abs(int64_t{values[static_cast<size_t>(index)]});
  }
  sum *= largest_input;
  if (bias != nullptr) sum += std::abs(int64_t{bias->values<int32_t>()[static_cast<size_t>(c)]});
  return sum;
}

absl::StatusOr<ChannelMultipliers> channel_multipliers(const LoweringContext& view,
                                                       Activation activation, int64_t channels,
                                                       bool channel_last) {
  DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  const Tensor& weights = view.input(kWeights);
  if (!weights.constant() || weights.type != DataType::kInt8 || !weights.quant) {
    return view.invalid("int8 needs constant int8 weights with scales");
  }
  const std::vector<float>& scales = weights.quant->scales;
  if (scales.size() != 1 && scales.size() != static_cast<size_t>(channels)) {
    return view.invalid(absl::StrCat(scales.size(), " weight scales for ", channels, " channels"));
  }
  const std::vector<int32_t>& zero_points = weights.quant->zero_points;
  if (std::any_of(zero_points.begin(), zero_points.end(), [](int32_t z) { return z != 0; })) {
    return view.invalid("weights must have zero point 0");
  }
  const Tensor* bias = view.has_input(kBias) ? &view.input(kBias) : nullptr;
  if (bias != nullptr &&
      (!bias->constant() || bias->type != DataType::kInt32 || elements(bias->shape) != channels)) {
    return view.invalid("int8 needs a constant int32 bias, one per output channel");
  }
  const Tensor* slope = activation == Activation::kPRelu ? &view.input(kSlope) : nullptr;
  if (slope != nullptr && !slope->constant()) return view.invalid("the slope must be constant");
  ChannelMultipliers result{in.zero_point, {}, {}, int8_output(out, activation)};
  for (int64_t c = 0; c < channels; ++c) {
    const auto i = static_cast<size_t>(c);
    const float scale = scales[scales.size() == 1 ? 0 : i];
    // In float32 and in this order, as XNNPACK and ONNX Runtime have it: no tie falls otherwise.
    const float multiplier = in.scale * scale / out.scale;
    const float negative = slope == nullptr ? multiplier : multiplier * slope->values<float>()[i];
    if (!std::isfinite(multiplier) || !std::isfinite(negative)) {
      return view.invalid(absl::StrCat("channel ", c, " has no finite multiplier"));
    }
    if (accumulator_bound(weights, bias, channels, channel_last, c, in.zero_point) >
        std::numeric_limits<int32_t>::max()) {
      return view.invalid(absl::StrCat("the accumulator of channel ", c,
                                       " could leave int32: keep this layer in float"));
    }
    result.positive.push_back(multiplier);
    result.negative.push_back(negative);
  }
  return result;
}

absl::Status check_operands(const LoweringContext& view, Activation activation, int64_t channels) {
  if (activation == Activation::kPRelu &&
      (!view.has_input(kSlope) || view.input(kSlope).type != DataType::kFloat32 ||
       elements(view.input(kSlope).shape) != channels)) {
    return view.invalid("a fused PReLU needs one float slope per output channel");
  }
  return absl::OkStatus();
}

template <typename Window>
WindowGeometry window_geometry(const Window& op, const LoweringContext& view, int64_t kernel_h,
                               int64_t kernel_w) {
  const Shape& in = view.input(0).shape;
  const Shape& out = view.output().shape;
  return {in[0],       in[1],         in[2],         in[3],          out[1],
          out[2],      out[3],        kernel_h,      kernel_w,       op.stride_h,
          op.stride_w, op.dilation_h, op.dilation_w, op.padding.top, op.padding.left};
}

// (x, weights, [bias], [slope])
std::vector<Operand> float_operands(const LoweringContext& view) {
  return {view.operand(0), view.operand(kWeights), view.operand(kBias), view.operand(kSlope)};
}

// (x, weights, bias, multiplier, multiplier_negative)
std::vector<Operand> int8_operands(const LoweringContext& view, const ChannelMultipliers& m) {
  const Operand bias = view.has_input(kBias)
                           ? view.operand(kBias)
                           : constant_operand(std::vector<int32_t>(m.positive.size(), 0));
  return {view.operand(0), view.operand(kWeights), bias, constant_operand(m.positive),
          constant_operand(m.negative)};
}

// A fully connected layer with inputs and outputs of 16 bits around zero.
absl::StatusOr<LoweredCalls> fully_connected_int16(const FullyConnected& op,
                                                   const LoweringContext& view) {
  const Tensor &x = view.input(0), &weights = view.input(kWeights), &y = view.output();
  const auto around_zero = [](const Tensor& tensor) {
    return tensor.quant && !tensor.quant->per_axis() && tensor.quant->zero_points[0] == 0;
  };
  if (!around_zero(x) || !around_zero(y)) {
    return view.invalid("int16 needs one scale and zero point 0 on its input and output");
  }
  const auto channels = static_cast<size_t>(weights.shape[0]);
  if (!weights.constant() || weights.type != DataType::kInt8 || !weights.quant ||
      weights.quant->scales.size() != channels || !view.has_input(kBias) ||
      !view.input(kBias).constant() || view.input(kBias).type != DataType::kInt32) {
    return view.invalid(
        "int16 needs constant int8 weights with a scale per row, and an int32 bias");
  }
  if (op.activation != Activation::kNone && op.activation != Activation::kRelu) {
    return view.invalid("int16 has no such activation");
  }
  const auto values = weights.values<int8_t>();
  const auto bias = view.input(kBias).values<int32_t>();
  std::vector<float> multipliers;
  for (size_t c = 0; c < channels; ++c) {
    multipliers.push_back(x.quant->scales[0] * weights.quant->scales[c] / y.quant->scales[0]);
    int64_t sum = std::abs(int64_t{bias[c]});
    const size_t depth = values.size() / channels;
    for (size_t k = 0; k < depth; ++k) sum += std::abs(int64_t{values[c * depth + k]}) * 32768;
    if (sum > std::numeric_limits<int32_t>::max() || !std::isfinite(multipliers.back())) {
      return view.invalid(absl::StrCat("the accumulator of channel ", c,
                                       " could leave int32: keep this layer in float"));
    }
  }
  const int64_t rows = elements(y.shape) / weights.shape[0];
  const int32_t lowest = op.activation == Activation::kRelu ? 0 : -32768;
  return view.call(FullyConnectedInt16Call{rows, weights.shape[1], weights.shape[0], lowest, 32767},
                   {view.operand(0), view.operand(kWeights), view.operand(kBias),
                    constant_operand(multipliers)});
}

bool all_float(const LoweringContext& view) {
  return view.is(DataType::kFloat32) && view.input(kWeights).type == DataType::kFloat32;
}

}  // namespace

absl::StatusOr<LoweredCalls> lower_op(const Conv2D& op, const LoweringContext& view) {
  const Shape& weights = view.input(kWeights).shape;
  const Conv2DGeometry geometry{window_geometry(op, view, weights[1], weights[2]), op.groups};
  const int64_t channels = weights[0];
  DURWARD_RETURN_IF_ERROR(check_operands(view, op.activation, channels));
  if (all_float(view)) {
    return view.call(Conv2DFloatCall{geometry, float_range(op.activation)}, float_operands(view));
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const ChannelMultipliers m,
                           channel_multipliers(view, op.activation, channels, false));
  return view.call(Conv2DInt8Call{geometry, m.input_zero_point, m.output, {}},
                   int8_operands(view, m));
}

absl::StatusOr<LoweredCalls> lower_op(const DepthwiseConv2D& op, const LoweringContext& view) {
  const Shape& weights = view.input(kWeights).shape;
  const WindowGeometry window = window_geometry(op, view, weights[1], weights[2]);
  const int64_t channels = weights[3];
  DURWARD_RETURN_IF_ERROR(check_operands(view, op.activation, channels));
  if (all_float(view)) {
    return view.call(DepthwiseFloatCall{window, float_range(op.activation)}, float_operands(view));
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const ChannelMultipliers m,
                           channel_multipliers(view, op.activation, channels, true));
  return view.call(DepthwiseInt8Call{window, m.input_zero_point, m.output, {}},
                   int8_operands(view, m));
}

absl::StatusOr<LoweredCalls> lower_op(const FullyConnected& op, const LoweringContext& view) {
  const Shape& weights = view.input(kWeights).shape;
  const int64_t out = weights[0], in = weights[1];
  const int64_t rows = elements(view.output().shape) / out;
  DURWARD_RETURN_IF_ERROR(check_operands(view, op.activation, out));
  if (all_float(view)) {
    return view.call(FullyConnectedFloatCall{rows, in, out, float_range(op.activation)},
                     float_operands(view));
  }
  if (view.is(DataType::kInt16)) return fully_connected_int16(op, view);
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const ChannelMultipliers m,
                           channel_multipliers(view, op.activation, out, false));
  WindowGeometry window;
  window.in_w = window.out_w = rows;
  window.in_c = in;
  window.out_c = out;
  return view.call(Conv2DInt8Call{{window, 1}, m.input_zero_point, m.output, {}},
                   int8_operands(view, m));
}

absl::StatusOr<LoweredCalls> lower_op(const MatMul&, const LoweringContext& view) {
  if (!view.is(DataType::kFloat32) || view.input(1).type != DataType::kFloat32) {
    return view.no_kernel();
  }
  const Shape& a = view.input(0).shape;
  const Shape& b = view.input(1).shape;
  const Shape& out = view.output().shape;
  if (a.size() < 2 || b.size() < 2) return view.no_kernel();
  const auto batch = [](const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); };
  DURWARD_ASSIGN_OR_RETURN(const LoopNest nest,
                           loop_nest(view, batch(out), broadcast_strides(batch(a), batch(out)),
                                     broadcast_strides(batch(b), batch(out))));
  return view.call(MatMulFloatCall{nest, a[a.size() - 2], a.back(), b.back()},
                   {view.operand(0), view.operand(1)});
}

}  // namespace durward
