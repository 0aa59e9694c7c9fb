// Quantize and Dequantize.
#include "engine/kernels/quantize/quantize.h"

#include <absl/strings/str_cat.h>

#include "compile/lower/lower.h"

namespace durward {
namespace {

template <typename T>
Kernel dequantize_kernel(const AxisGeometry& around, std::vector<float> scales,
                         std::vector<int32_t> zero_points) {
  return {[=, scales = std::move(scales), zero_points = std::move(zero_points)](const Operands& o) {
            dequantize(
                {around.outer, around.length, around.inner, scales.data(), zero_points.data()},
                o.in<T>(0), o.out<float>());
          },
          0};
}

}  // namespace

absl::StatusOr<Kernel> lower_op(const Quantize&, const LoweringContext& view) {
  if (view.input(0).type != DataType::kFloat32 || view.output().type != DataType::kInt8) {
    return view.no_kernel();
  }
  const int64_t count = elements(view.output().shape);
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  return Kernel{[=](const Operands& o) {
                  quantize_int8(out.scale, int8_output(out, Activation::kNone), count,
                                o.in<float>(0), o.out<int8_t>());
                },
                0};
}

absl::StatusOr<Kernel> lower_op(const Dequantize&, const LoweringContext& view) {
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
  switch (input.type) {
    case DataType::kInt8:
      return dequantize_kernel<int8_t>(around, quant.scales, quant.zero_points);
    case DataType::kUInt8:
      return dequantize_kernel<uint8_t>(around, quant.scales, quant.zero_points);
    case DataType::kInt16:
      return dequantize_kernel<int16_t>(around, quant.scales, quant.zero_points);
    case DataType::kInt32:
      return dequantize_kernel<int32_t>(around, quant.scales, quant.zero_points);
    default:
      return view.no_kernel();
  }
}

}  // namespace durward
