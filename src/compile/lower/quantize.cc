// Quantize and Dequantize.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <optional>

#include "compile/lower/lower.h"

namespace durward {
namespace {

std::optional<QuantizedType> quantized_type(DataType type) {
  switch (type) {
    case DataType::kInt8:
      return QuantizedType::kInt8;
    case DataType::kUInt8:
      return QuantizedType::kUInt8;
    case DataType::kInt16:
      return QuantizedType::kInt16;
    case DataType::kInt32:
      return QuantizedType::kInt32;
    default:
      return std::nullopt;
  }
}

// To 16 or 32 bits around zero, with one scale or one for each channel.
absl::StatusOr<LoweredCalls> quantize_symmetric(const LoweringContext& view) {
  const Tensor& output = view.output();
  const QuantParams& quant = *output.quant;
  if (std::any_of(quant.zero_points.begin(), quant.zero_points.end(),
                  [](int32_t z) { return z != 0; })) {
    return view.invalid("16 and 32 bits must have zero point 0");
  }
  const AxisGeometry around = quant.per_axis() ? around_axis(output.shape, quant.axis)
                                               : AxisGeometry{1, 1, elements(output.shape)};
  return view.call(QuantizeSymmetricCall{output.type == DataType::kInt32, around.outer,
                                         around.length, around.inner},
                   {view.operand(0), constant_operand(quant.scales)});
}

}  // namespace

absl::StatusOr<LoweredCalls> lower_op(const Quantize&, const LoweringContext& view) {
  const DataType to = view.output().type;
  if (view.input(0).type == DataType::kFloat32 && view.output().quant &&
      (to == DataType::kInt16 || to == DataType::kInt32)) {
    return quantize_symmetric(view);
  }
  if (view.input(0).type != DataType::kFloat32 || view.output().type != DataType::kInt8) {
    return view.no_kernel();
  }
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  return view.call(QuantizeInt8Call{out.scale, int8_output(out, Activation::kNone),
                                    elements(view.output().shape)},
                   {view.operand(0)});
}

absl::StatusOr<LoweredCalls> lower_op(const Dequantize&, const LoweringContext& view) {
  const Tensor& input = view.input(0);
  if (view.output().type != DataType::kFloat32) return view.no_kernel();
  if (!input.quant) return view.invalid(absl::StrCat("tensor '", input.name, "' has no scale"));
  const QuantParams& quant = *input.quant;
  const AxisGeometry around = quant.per_axis() ? around_axis(input.shape, quant.axis)
                                               : AxisGeometry{1, 1, elements(input.shape)};
  const auto channels = static_cast<size_t>(around.length);
  if (quant.scales.size() != channels || quant.zero_points.size() != channels) {
    return view.invalid(absl::StrCat("tensor '", input.name, "' has ", quant.scales.size(),
                                     " scales for ", channels, " channels"));
  }
  const std::optional<QuantizedType> type = quantized_type(input.type);
  if (!type) return view.no_kernel();
  return view.call(
      DequantizeCall{*type, around.outer, around.length, around.inner},
      {view.operand(0), constant_operand(quant.scales), constant_operand(quant.zero_points)});
}

}  // namespace durward
