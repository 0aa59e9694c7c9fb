// Resize: the source coordinates of every output row and column are computed here, by ONNX's
// formulas.
#include "engine/kernels/resize/resize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compile/lower/lower.h"

namespace durward {
namespace {

double source_coordinate(ResizeCoordinates coordinates, int64_t out, int64_t out_size,
                         int64_t in_size) {
  const auto position = static_cast<double>(out);
  const double ratio = static_cast<double>(in_size) / static_cast<double>(out_size);
  switch (coordinates) {
    case ResizeCoordinates::kHalfPixel:
      return (position + 0.5) * ratio - 0.5;
    case ResizeCoordinates::kAlignCorners:
      return out_size == 1
                 ? 0.0
                 : position * static_cast<double>(in_size - 1) / static_cast<double>(out_size - 1);
    case ResizeCoordinates::kAsymmetric:
      break;
  }
  return position * ratio;
}

// in_size fits in int32.
std::vector<ResizeTap> taps(const Resize& op, int64_t out_size, int64_t in_size) {
  const auto last = static_cast<double>(in_size - 1);
  std::vector<ResizeTap> result;
  for (int64_t i = 0; i < out_size; ++i) {
    const double exact = source_coordinate(op.coordinates, i, out_size, in_size);
    if (op.mode == ResizeMode::kNearest) {
      const double rounded = op.round_floor ? std::floor(exact) : std::ceil(exact - 0.5);
      const auto at = static_cast<int32_t>(std::clamp(rounded, 0.0, last));
      result.push_back({at, at, 0});
      continue;
    }
    const double clamped = std::clamp(exact, 0.0, last);
    const double low = std::floor(clamped);
    result.push_back({static_cast<int32_t>(low), static_cast<int32_t>(std::min(low + 1, last)),
                      static_cast<float>(clamped - low)});
  }
  return result;
}

}  // namespace

absl::StatusOr<LoweredCalls> lower_op(const Resize& op, const LoweringContext& view) {
  const Tensor& input = view.input(0);
  const Tensor& output = view.output();
  const Shape& in = input.shape;
  const Shape& out = output.shape;
  if (std::max(in[1], in[2]) > std::numeric_limits<int32_t>::max()) {
    return view.invalid("more than 2147483647 rows or columns");
  }
  const std::vector<Operand> operands{view.operand(0), constant_operand(taps(op, out[1], in[1])),
                                      constant_operand(taps(op, out[2], in[2]))};
  if (op.mode == ResizeMode::kNearest) {
    if (input.type != output.type || input.quant != output.quant) {
      return view.invalid("the output needs the input's type, scale and zero point");
    }
    return view.call(
        ResizeNearestCall{in[0], in[1], in[2], out[1], out[2], in[3], size_of(input.type)},
        operands);
  }
  if (view.is(DataType::kFloat32)) {
    return view.call(ResizeLinearFloatCall{in[0], in[1], in[2], out[1], out[2], in[3]}, operands);
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const Int8Params x, int8_params(view, input));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params y, int8_params(view, output));
  const auto multiplier = static_cast<float>(double{x.scale} / double{y.scale});
  return view.call(ResizeLinearInt8Call{in[0], in[1], in[2], out[1], out[2], in[3], x.zero_point,
                                        multiplier, int8_output(y, Activation::kNone)},
                   operands);
}

}  // namespace durward
