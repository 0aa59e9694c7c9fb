// Softmax, L2Normalize, Pool2D and Reduce.
#include <absl/strings/str_cat.h>

#include <cmath>
#include <limits>

#include "compile/lower/lower.h"

namespace durward {
namespace {

// Ops that pick elements, such as a maximum, leave the scale as it is.
absl::StatusOr<Int8Params> unchanged_scale(const LoweringContext& view) {
  DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  if (in != out) return view.invalid("int8 needs the same scale and zero point in and out");
  return in;
}

absl::Status check_int32_sum(const LoweringContext& view, int64_t count) {
  if (count <= std::numeric_limits<int32_t>::max() / 255) return absl::OkStatus();
  return view.invalid(absl::StrCat("the int32 sum of ", count,
                                   " elements could overflow: keep this layer in float"));
}

absl::StatusOr<LoweredCalls> lower_average_pool_int8(const Pool2D& op, const LoweringContext& view,
                                                     const WindowGeometry& window) {
  DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  const int64_t most = average_pool_multipliers(window, op.count_padding) - 1;
  DURWARD_RETURN_IF_ERROR(check_int32_sum(view, most));
  std::vector<float> multiplier{0.0f};
  for (int64_t n = 1; n <= most; ++n) {
    multiplier.push_back(
        static_cast<float>(double{in.scale} / (double{out.scale} * static_cast<double>(n))));
  }
  return view.call(AveragePoolInt8Call{window, op.count_padding, in.zero_point,
                                       int8_output(out, Activation::kNone)},
                   {view.operand(0), constant_operand(multiplier)});
}

FloatReduction float_reduction(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::kMean:
      return FloatReduction::kMean;
    case ReduceKind::kSum:
      return FloatReduction::kSum;
    case ReduceKind::kMax:
      return FloatReduction::kMax;
    case ReduceKind::kMin:
      return FloatReduction::kMin;
    case ReduceKind::kSumSquare:
      return FloatReduction::kSumSquare;
    case ReduceKind::kL2:
      break;
  }
  return FloatReduction::kL2;
}

}  // namespace

absl::StatusOr<LoweredCalls> lower_op(const Softmax& op, const LoweringContext& view) {
  const AxisGeometry geometry = around_axis(view.output().shape, op.axis);
  if (view.is(DataType::kFloat32)) {
    return view.call(SoftmaxFloatCall{geometry}, {view.operand(0)});
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  std::vector<int32_t> table(256);
  for (size_t d = 0; d < table.size(); ++d) {
    table[d] = static_cast<int32_t>(
        std::nearbyint(std::exp(-double{in.scale} * static_cast<double>(d)) * 0x1p24));
  }
  const auto inverse = static_cast<float>(1.0 / double{out.scale});
  return view.call(SoftmaxInt8Call{geometry, inverse, int8_output(out, Activation::kNone)},
                   {view.operand(0), constant_operand(table)});
}

absl::StatusOr<LoweredCalls> lower_op(const L2Normalize& op, const LoweringContext& view) {
  const AxisGeometry geometry = around_axis(view.output().shape, op.axis);
  if (view.is(DataType::kFloat32)) {
    return view.call(L2NormalizeFloatCall{geometry, op.epsilon}, {view.operand(0)});
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  return view.call(
      L2NormalizeInt8Call{geometry, in.zero_point, static_cast<float>(1.0 / double{out.scale}),
                          int8_output(out, Activation::kNone)},
      {view.operand(0)});
}

absl::StatusOr<LoweredCalls> lower_op(const Pool2D& op, const LoweringContext& view) {
  const Shape& in = view.input(0).shape;
  const Shape& out = view.output().shape;
  const WindowGeometry window{in[0],       in[1],  in[2],       in[3],          out[1],
                              out[2],      out[3], op.kernel_h, op.kernel_w,    op.stride_h,
                              op.stride_w, 1,      1,           op.padding.top, op.padding.left};
  if (op.padding.top >= op.kernel_h || op.padding.left >= op.kernel_w ||
      (out[1] - 1) * op.stride_h - op.padding.top >= in[1] ||
      (out[2] - 1) * op.stride_w - op.padding.left >= in[2]) {
    return view.invalid("a window lies wholly in the padding");
  }
  if (!view.is(DataType::kInt8) && !view.is(DataType::kFloat32)) return view.no_kernel();
  const bool is_float = view.is(DataType::kFloat32);
  if (op.kind == PoolKind::kAverage) {
    if (!is_float) return lower_average_pool_int8(op, view, window);
    return view.call(AveragePoolFloatCall{window, op.count_padding}, {view.operand(0)});
  }
  if (!is_float) DURWARD_RETURN_IF_ERROR(unchanged_scale(view).status());
  return view.call(MaxPoolCall{window, is_float}, {view.operand(0)});
}

absl::StatusOr<LoweredCalls> lower_op(const Reduce& op, const LoweringContext& view) {
  const Shape& in = view.input(0).shape;
  Shape kept = in;
  Reduction reduction;
  for (const int axis : op.axes) {
    kept[static_cast<size_t>(axis)] = 1;
    reduction.reduced *= in[static_cast<size_t>(axis)];
  }
  reduction.outputs = elements(kept);
  DURWARD_ASSIGN_OR_RETURN(reduction.loop,
                           loop_nest(view, in, row_major_strides(in), broadcast_strides(kept, in)));
  // broadcast_strides keeps the stride of an axis that had length 1 anyway: nothing repeats there.
  if (view.is(DataType::kFloat32)) {
    return view.call(ReduceFloatCall{float_reduction(op.kind), reduction}, {view.operand(0)});
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  switch (op.kind) {
    case ReduceKind::kMean:
    case ReduceKind::kSum: {
      DURWARD_RETURN_IF_ERROR(check_int32_sum(view, reduction.reduced));
      DURWARD_ASSIGN_OR_RETURN(const Int8Params x, int8_params(view, view.input(0)));
      DURWARD_ASSIGN_OR_RETURN(const Int8Params y, int8_params(view, view.output()));
      const double count =
          op.kind == ReduceKind::kMean ? static_cast<double>(reduction.reduced) : 1.0;
      const auto multiplier = static_cast<float>(double{x.scale} / (double{y.scale} * count));
      return view.call(
          SumInt8Call{reduction, x.zero_point, multiplier, int8_output(y, Activation::kNone)},
          {view.operand(0)});
    }
    case ReduceKind::kMax:
    case ReduceKind::kMin: {
      DURWARD_RETURN_IF_ERROR(unchanged_scale(view).status());
      return view.call(ReduceExtremumInt8Call{reduction, op.kind == ReduceKind::kMax},
                       {view.operand(0)});
    }
    case ReduceKind::kSumSquare:
    case ReduceKind::kL2:
      break;
  }
  return view.no_kernel();
}

}  // namespace durward
