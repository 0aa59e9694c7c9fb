// Resize: the source coordinates of every output row and column are computed here, by ONNX's
// formulas.
#include "engine/kernels/resize/resize.h"

#include <algorithm>
#include <cmath>

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

std::vector<ResizeTap> taps(const Resize& op, int64_t out_size, int64_t in_size) {
  std::vector<ResizeTap> result;
  for (int64_t i = 0; i < out_size; ++i) {
    const double exact = source_coordinate(op.coordinates, i, out_size, in_size);
    const auto inside = [in_size](double value) {
      return std::clamp<int64_t>(static_cast<int64_t>(value), 0, in_size - 1);
    };
    if (op.mode == ResizeMode::kNearest) {
      const int64_t at = inside(op.round_floor ? std::floor(exact) : std::ceil(exact - 0.5));
      result.push_back({at, at, 0});
      continue;
    }
    const double clamped = std::clamp(exact, 0.0, static_cast<double>(in_size - 1));
    const int64_t low = inside(std::floor(clamped));
    result.push_back({low, std::min(low + 1, in_size - 1),
                      static_cast<float>(clamped - static_cast<double>(low))});
  }
  return result;
}

}  // namespace

absl::StatusOr<Kernel> lower_op(const Resize& op, const LoweringContext& view) {
  const Tensor& input = view.input(0);
  const Tensor& output = view.output();
  const Shape& in = input.shape;
  const Shape& out = output.shape;
  std::vector<ResizeTap> rows = taps(op, out[1], in[1]);
  std::vector<ResizeTap> columns = taps(op, out[2], in[2]);
  const auto geometry = [n = in[0], in_h = in[1], in_w = in[2], c = in[3]](
                            const std::vector<ResizeTap>& y, const std::vector<ResizeTap>& x) {
    return ResizeGeometry{
        n, in_h,     in_w,    static_cast<int64_t>(y.size()), static_cast<int64_t>(x.size()),
        c, y.data(), x.data()};
  };
  if (op.mode == ResizeMode::kNearest) {
    if (input.type != output.type || input.quant != output.quant) {
      return view.invalid("the output needs the input's type, scale and zero point");
    }
    return Kernel{[=, bytes = size_of(input.type)](const Operands& o) {
                    resize_nearest(geometry(rows, columns), bytes, o.inputs[0], o.outputs[0]);
                  },
                  0};
  }
  if (view.is(DataType::kFloat32)) {
    return Kernel{[=](const Operands& o) {
                    resize_linear_float(geometry(rows, columns), o.in<float>(0), o.out<float>());
                  },
                  0};
  }
  if (!view.is(DataType::kInt8)) return view.no_kernel();
  DURWARD_ASSIGN_OR_RETURN(const Int8Params x, int8_params(view, input));
  DURWARD_ASSIGN_OR_RETURN(const Int8Params y, int8_params(view, output));
  const auto multiplier = static_cast<float>(double{x.scale} / double{y.scale});
  return Kernel{[=](const Operands& o) {
                  resize_linear_int8(geometry(rows, columns), x.zero_point, multiplier,
                                     int8_output(y, Activation::kNone), o.in<int8_t>(0),
                                     o.out<int8_t>());
                },
                0};
}

}  // namespace durward
