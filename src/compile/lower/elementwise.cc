// Binary, Unary and its relatives, PRelu, BatchNorm.
#include <cmath>

#include "compile/lower/lower.h"

namespace durward {
namespace {

FloatBinary float_binary(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return FloatBinary::kAdd;
    case BinaryKind::kSub:
      return FloatBinary::kSub;
    case BinaryKind::kMul:
      return FloatBinary::kMul;
    case BinaryKind::kDiv:
      return FloatBinary::kDiv;
    case BinaryKind::kPow:
      return FloatBinary::kPow;
    case BinaryKind::kMaximum:
      return FloatBinary::kMaximum;
    case BinaryKind::kMinimum:
      return FloatBinary::kMinimum;
    case BinaryKind::kLess:
      return FloatBinary::kLess;
    case BinaryKind::kGreaterOrEqual:
      break;
  }
  return FloatBinary::kGreaterOrEqual;
}

FloatUnary float_unary(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::kRelu:
      return FloatUnary::kRelu;
    case UnaryKind::kRelu6:
      return FloatUnary::kRelu6;
    case UnaryKind::kAbs:
      return FloatUnary::kAbs;
    case UnaryKind::kNeg:
      return FloatUnary::kNegate;
    case UnaryKind::kSqrt:
      return FloatUnary::kSqrt;
    case UnaryKind::kRsqrt:
      return FloatUnary::kRsqrt;
    case UnaryKind::kExp:
      return FloatUnary::kExp;
    case UnaryKind::kLog:
      return FloatUnary::kLog;
    case UnaryKind::kSigmoid:
      return FloatUnary::kSigmoid;
    case UnaryKind::kTanh:
      return FloatUnary::kTanh;
    case UnaryKind::kHardSwish:
      return FloatUnary::kHardSwish;
    case UnaryKind::kErf:
      return FloatUnary::kErf;
    case UnaryKind::kFloor:
      return FloatUnary::kFloor;
    case UnaryKind::kCeil:
      break;
  }
  return FloatUnary::kCeil;
}

absl::StatusOr<LoweredCalls> lower_unary(const UnaryFunction& function,
                                         const LoweringContext& view) {
  const int64_t count = elements(view.output().shape);
  if (view.is(DataType::kFloat32)) {
    return view.call(UnaryFloatCall{function, count}, {view.operand(0)});
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  const auto table = make_table(in, out, [&](double x) { return evaluate(function, x); });
  return view.call(LookupInt8Call{count}, {view.operand(0), constant_operand(table)});
}

absl::StatusOr<KernelCall> binary_int8(const Binary& op, const LoweringContext& view,
                                       const LoopNest& nest) {
  DURWARD_ASSIGN_OR_RETURN(const Int8Params a, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params b, int8_params(view, view.input(1)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  const Int8Output range = int8_output(out, op.activation);
  switch (op.kind) {
    case BinaryKind::kAdd:
    case BinaryKind::kSub: {
      const auto multiplier_a = static_cast<float>(double{a.scale} / double{out.scale});
      const auto multiplier_b = static_cast<float>(double{b.scale} / double{out.scale});
      const float sign = op.kind == BinaryKind::kSub ? -1.0f : 1.0f;
      return AddInt8Call{
          {nest, a.zero_point, b.zero_point, multiplier_a, sign * multiplier_b, range}};
    }
    case BinaryKind::kMul: {
      const auto multiplier =
          static_cast<float>(double{a.scale} * double{b.scale} / double{out.scale});
      return MulInt8Call{{nest, a.zero_point, b.zero_point, multiplier, range}};
    }
    case BinaryKind::kMaximum:
    case BinaryKind::kMinimum: {
      if (a != b || a != out || op.activation != Activation::kNone) {
        return view.invalid(
            "int8 needs the same scale and zero point on both inputs and the output, and no fused "
            "activation");
      }
      return ExtremumInt8Call{nest, op.kind == BinaryKind::kMaximum};
    }
    case BinaryKind::kDiv:
    case BinaryKind::kPow:
    case BinaryKind::kLess:
    case BinaryKind::kGreaterOrEqual:
      break;
  }
  return view.no_kernel();
}

}  // namespace

absl::StatusOr<LoweredCalls> lower_op(const Binary& op, const LoweringContext& view) {
  const Shape& out = view.output().shape;
  DURWARD_ASSIGN_OR_RETURN(const LoopNest nest,
                           loop_nest(view, out, broadcast_strides(view.input(0).shape, out),
                                     broadcast_strides(view.input(1).shape, out)));
  const std::vector<Operand> operands{view.operand(0), view.operand(1)};
  if (view.is(DataType::kInt8)) {
    DURWARD_ASSIGN_OR_RETURN(const KernelCall call, binary_int8(op, view, nest));
    return view.call(call, operands);
  }
  if (!view.is(DataType::kFloat32) || view.input(1).type != DataType::kFloat32) {
    return view.no_kernel();
  }
  return view.call(BinaryFloatCall{float_binary(op.kind), nest, float_range(op.activation)},
                   operands);
}

absl::StatusOr<LoweredCalls> lower_op(const Unary& op, const LoweringContext& view) {
  return lower_unary({float_unary(op.kind), 0, 0}, view);
}

absl::StatusOr<LoweredCalls> lower_op(const LeakyRelu& op, const LoweringContext& view) {
  return lower_unary({FloatUnary::kLeakyRelu, op.alpha, 0}, view);
}

absl::StatusOr<LoweredCalls> lower_op(const Clip& op, const LoweringContext& view) {
  return lower_unary({FloatUnary::kClip, op.min, op.max}, view);
}

absl::StatusOr<LoweredCalls> lower_op(const HardSigmoid& op, const LoweringContext& view) {
  return lower_unary({FloatUnary::kHardSigmoid, op.alpha, op.beta}, view);
}

absl::StatusOr<LoweredCalls> lower_op(const PRelu&, const LoweringContext& view) {
  const Shape& shape = view.output().shape;
  const int64_t channels = shape.empty() ? 1 : shape.back();
  const int64_t rows = elements(shape) / channels;
  const Tensor& slope = view.input(1);
  const int64_t slopes = elements(slope.shape);
  if (!slope.constant() || slope.type != DataType::kFloat32 ||
      (slopes != channels && slopes != 1)) {
    return view.invalid("PReLU needs constant float slopes, one in all or one per channel");
  }
  std::vector<float> slope_per_channel(static_cast<size_t>(channels));
  for (size_t c = 0; c < slope_per_channel.size(); ++c) {
    slope_per_channel[c] = slope.values<float>()[slopes == 1 ? 0 : c];
  }
  if (view.is(DataType::kFloat32)) {
    return view.call(PReluFloatCall{rows, channels},
                     {view.operand(0), constant_operand(slope_per_channel)});
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  const auto multiplier = static_cast<float>(double{in.scale} / double{out.scale});
  const std::vector<float> positive(slope_per_channel.size(), multiplier);
  std::vector<float> negative;
  for (const float value : slope_per_channel) negative.push_back(multiplier * value);
  return view.call(
      PReluInt8Call{rows, channels, in.zero_point, int8_output(out, Activation::kNone)},
      {view.operand(0), constant_operand(positive), constant_operand(negative)});
}

absl::StatusOr<LoweredCalls> lower_op(const BatchNorm& op, const LoweringContext& view) {
  if (!view.is(DataType::kFloat32)) return view.no_kernel();
  const AxisGeometry geometry = around_axis(view.output().shape, op.axis);
  std::vector<float> scale(static_cast<size_t>(geometry.length)), shift(scale.size());
  for (size_t i = 1; i < 5; ++i) {
    if (!view.has_input(i) || !view.input(i).constant() ||
        view.input(i).type != DataType::kFloat32 ||
        elements(view.input(i).shape) != geometry.length) {
      return view.invalid("BatchNorm needs constant float parameters, one per channel");
    }
  }
  for (size_t c = 0; c < scale.size(); ++c) {
    const auto parameter = [&](size_t i) { return double{view.input(i).values<float>()[c]}; };
    const double factor = parameter(1) / std::sqrt(parameter(4) + double{op.epsilon});
    scale[c] = static_cast<float>(factor);
    shift[c] = static_cast<float>(parameter(2) - parameter(3) * factor);
  }
  return view.call(ScaleShiftFloatCall{geometry.outer, geometry.length, geometry.inner},
                   {view.operand(0), constant_operand(scale), constant_operand(shift)});
}

}  // namespace durward
