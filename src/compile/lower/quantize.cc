// Quantize and Dequantize.
#include <absl/strings/str_cat.h>

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

}  // namespace

absl::StatusOr<LoweredCalls> lower_op(const Quantize&, const LoweringContext& view) {
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
