// Binary, Unary and its relatives, PRelu, BatchNorm.
#include "engine/kernels/elementwise/elementwise.h"

#include <cmath>
#include <utility>

#include "compile/lower/lower.h"
#include "engine/kernels/binary/binary.h"

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
      break;
  }
  return FloatBinary::kMinimum;
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

absl::StatusOr<Kernel> lower_unary(const UnaryFunction& function, const LoweringContext& view) {
  const int64_t count = elements(view.output().shape);
  if (view.is(DataType::kFloat32)) {
    return Kernel{
        [=](const Operands& o) { unary_float(function, count, o.in<float>(0), o.out<float>()); },
        0};
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  auto table = make_table(in, out, [&](double x) { return evaluate(function, x); });
  return Kernel{[=, table = std::move(table)](const Operands& o) {
                  lookup_int8(table.data(), count, o.in<int8_t>(0), o.out<int8_t>());
                },
                0};
}

absl::StatusOr<Kernel> lower_binary_int8(const Binary& op, const LoweringContext& view,
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
      const AddInt8 add{nest, a.zero_point, b.zero_point, multiplier_a, sign * multiplier_b, range};
      return Kernel{[=](const Operands& o) {
                      add_int8(add, o.in<int8_t>(0), o.in<int8_t>(1), o.out<int8_t>());
                    },
                    0};
    }
    case BinaryKind::kMul: {
      const auto multiplier =
          static_cast<float>(double{a.scale} * double{b.scale} / double{out.scale});
      const MulInt8 mul{nest, a.zero_point, b.zero_point, multiplier, range};
      return Kernel{[=](const Operands& o) {
                      mul_int8(mul, o.in<int8_t>(0), o.in<int8_t>(1), o.out<int8_t>());
                    },
                    0};
    }
    case BinaryKind::kMaximum:
    case BinaryKind::kMinimum: {
      if (a != b || a != out || op.activation != Activation::kNone) {
        return view.invalid(
            "int8 needs the same scale and zero point on both inputs and the output, and no fused "
            "activation");
      }
      const auto kernel = op.kind == BinaryKind::kMaximum ? maximum_int8 : minimum_int8;
      return Kernel{[=](const Operands& o) {
                      kernel(nest, o.in<int8_t>(0), o.in<int8_t>(1), o.out<int8_t>());
                    },
                    0};
    }
    case BinaryKind::kDiv:
    case BinaryKind::kPow:
      break;
  }
  return view.no_kernel();
}

}  // namespace

absl::StatusOr<Kernel> lower_op(const Binary& op, const LoweringContext& view) {
  const Shape& out = view.output().shape;
  DURWARD_ASSIGN_OR_RETURN(const LoopNest nest,
                           loop_nest(view, out, broadcast_strides(view.input(0).shape, out),
                                     broadcast_strides(view.input(1).shape, out)));
  if (view.is(DataType::kInt8)) return lower_binary_int8(op, view, nest);
  if (!view.is(DataType::kFloat32) || view.input(1).type != DataType::kFloat32) {
    return view.no_kernel();
  }
  const FloatOutput range = float_output(op.activation);
  const FloatBinary kind = float_binary(op.kind);
  return Kernel{[=](const Operands& o) {
                  binary_float(kind, nest, range, o.in<float>(0), o.in<float>(1), o.out<float>());
                },
                0};
}

absl::StatusOr<Kernel> lower_op(const Unary& op, const LoweringContext& view) {
  return lower_unary({float_unary(op.kind), 0, 0}, view);
}

absl::StatusOr<Kernel> lower_op(const LeakyRelu& op, const LoweringContext& view) {
  return lower_unary({FloatUnary::kLeakyRelu, op.alpha, 0}, view);
}

absl::StatusOr<Kernel> lower_op(const Clip& op, const LoweringContext& view) {
  return lower_unary({FloatUnary::kClip, op.min, op.max}, view);
}

absl::StatusOr<Kernel> lower_op(const HardSigmoid& op, const LoweringContext& view) {
  return lower_unary({FloatUnary::kHardSigmoid, op.alpha, op.beta}, view);
}

absl::StatusOr<Kernel> lower_op(const PRelu&, const LoweringContext& view) {
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
    return Kernel{[=, slope_values = std::move(slope_per_channel)](const Operands& o) {
                    prelu_float(rows, channels, slope_values.data(), o.in<float>(0),
                                o.out<float>());
                  },
                  0};
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const Int8Params in, int8_params(view, view.input(0)));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params out, int8_params(view, view.output()));
  const auto multiplier = static_cast<float>(double{in.scale} / double{out.scale});
  std::vector<float> positive(slope_per_channel.size(), multiplier);
  std::vector<float> negative;
  for (const float value : slope_per_channel) negative.push_back(multiplier * value);
  return Kernel{
      [=, positive = std::move(positive), negative = std::move(negative)](const Operands& o) {
        prelu_int8({rows, channels, positive.data(), negative.data(), in.zero_point,
                    int8_output(out, Activation::kNone)},
                   o.in<int8_t>(0), o.out<int8_t>());
      },
      0};
}

absl::StatusOr<Kernel> lower_op(const BatchNorm& op, const LoweringContext& view) {
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
  return Kernel{[=, scale = std::move(scale), shift = std::move(shift)](const Operands& o) {
                  scale_shift_float(geometry.outer, geometry.length, geometry.inner, scale.data(),
                                    shift.data(), o.in<float>(0), o.out<float>());
                },
                0};
}

}  // namespace durward
