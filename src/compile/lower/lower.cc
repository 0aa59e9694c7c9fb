#include "compile/lower/lower.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace durward {

absl::Status LoweringContext::invalid(std::string_view problem) const {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(op_name(node.op)), " '", node.name, "': ", std::string(problem)));
}

absl::Status LoweringContext::no_kernel() const {
  const auto types = [this](const std::vector<TensorId>& ids) {
    return absl::StrJoin(ids, ", ", [this](std::string* out, TensorId id) {
      absl::StrAppend(out, id.valid() ? std::string(to_string(graph.tensor(id).type)) : "none");
    });
  };
  return absl::UnimplementedError(absl::StrCat(
      std::string(op_name(node.op)), " '", node.name, "' has no reference kernel from (",
      types(node.inputs), ") to (", types(node.outputs), ")"));
}

LoweredCalls LoweringContext::call(const KernelCall& kernel_call,
                                   std::vector<Operand> inputs) const {
  return {{kernel_call, std::move(inputs), node.outputs[0]}};
}

absl::StatusOr<Int8Params> int8_params(const LoweringContext& view, const Tensor& tensor) {
  if (tensor.type != DataType::kInt8 || !tensor.quant || tensor.quant->per_axis() ||
      tensor.quant->scales.size() != 1 || tensor.quant->zero_points.size() != 1) {
    return view.invalid(absl::StrCat("tensor '", tensor.name,
                                     "' must be int8 with one scale and one zero point, but is ",
                                     std::string(to_string(tensor.type))));
  }
  const Int8Params result{tensor.quant->scales[0], tensor.quant->zero_points[0]};
  if (!std::isfinite(result.scale) || result.scale <= 0 || result.zero_point < -128 ||
      result.zero_point > 127) {
    return view.invalid(absl::StrCat("tensor '", tensor.name, "' has scale ", result.scale,
                                     " and zero point ", result.zero_point,
                                     "; a finite scale > 0 and -128..127 are needed"));
  }
  return result;
}

Int8Output int8_output(const Int8Params& output, Activation activation) {
  Int8Output result{output.zero_point, -128, 127};
  if (activation == Activation::kRelu || activation == Activation::kRelu6) {
    result.lowest = output.zero_point;
  }
  if (activation == Activation::kRelu6) {
    result.highest = round_to_int8(6.0f / output.scale, {output.zero_point, -128, 127});
  }
  return result;
}

FloatRange float_range(Activation activation) {
  FloatRange result;
  if (activation == Activation::kRelu || activation == Activation::kRelu6) result.min = 0;
  if (activation == Activation::kRelu6) result.max = 6;
  return result;
}

absl::StatusOr<LoopNest> loop_nest(const LoweringContext& view, const Shape& dims,
                                   const std::vector<int64_t>& stride_a,
                                   const std::vector<int64_t>& stride_b) {
  LoopNest nest;
  nest.rank = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    const int last = nest.rank - 1;
    if (last >= 0 && nest.stride_a[last] == stride_a[i] * dims[i] &&
        nest.stride_b[last] == stride_b[i] * dims[i]) {
      nest.dims[last] *= dims[i];
      nest.stride_a[last] = stride_a[i];
      nest.stride_b[last] = stride_b[i];
      continue;
    }
    if (nest.rank == kMaxLoopRank) {
      return view.invalid(
          absl::StrCat("more than ", kMaxLoopRank, " dimensions that cannot be joined"));
    }
    nest.dims[nest.rank] = dims[i];
    nest.stride_a[nest.rank] = stride_a[i];
    nest.stride_b[nest.rank] = stride_b[i];
    ++nest.rank;
  }
  if (nest.rank == 0) return LoopNest{};
  return nest;
}

std::vector<int64_t> row_major_strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

std::vector<int64_t> broadcast_strides(const Shape& shape, const Shape& to) {
  const std::vector<int64_t> own = row_major_strides(shape);
  std::vector<int64_t> strides(to.size(), 0);
  const size_t missing = to.size() - shape.size();
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == to[i + missing]) strides[i + missing] = own[i];
  }
  return strides;
}

AxisGeometry around_axis(const Shape& shape, int axis) {
  AxisGeometry geometry;
  const auto rank = static_cast<int>(shape.size());
  if (axis < 0) axis += rank;
  for (int i = 0; i < rank; ++i) {
    const int64_t dimension = shape[static_cast<size_t>(i)];
    (i < axis ? geometry.outer : i == axis ? geometry.length : geometry.inner) *= dimension;
  }
  return geometry;
}

std::vector<int8_t> make_table(const Int8Params& input, const Int8Params& output,
                               const std::function<double(double)>& function) {
  std::vector<int8_t> table(256);
  const Int8Output range{output.zero_point, -128, 127};
  for (size_t i = 0; i < table.size(); ++i) {
    const int32_t q = static_cast<int32_t>(i) - 128;
    const double y = function(double{input.scale} * (q - input.zero_point));
    table[i] = round_to_int8(static_cast<float>(y / double{output.scale}), range);
  }
  return table;
}

std::vector<int8_t> rescale_table(const Int8Params& input, const Int8Params& output) {
  return make_table(input, output, [](double x) { return x; });
}

absl::StatusOr<LoweredCalls> lower_op(const Cast&, const LoweringContext& view) {
  return view.no_kernel();
}
absl::StatusOr<LoweredCalls> lower_op(const ShapeOf&, const LoweringContext& view) {
  return view.no_kernel();
}

absl::StatusOr<LoweredCalls> lower(const Graph& graph, NodeId id) {
  const LoweringContext view{graph, graph.node(id)};
  if (view.node.inputs.empty() || !view.node.inputs[0].valid() || view.node.outputs.empty()) {
    return view.invalid("the first input or the output is missing");
  }
  // An empty tensor has nothing to compute, and no kernel has to think of it.
  const auto empty = [&graph](TensorId output) {
    return elements(graph.tensor(output).shape) == 0;
  };
  if (std::all_of(view.node.outputs.begin(), view.node.outputs.end(), empty)) return LoweredCalls{};
  return std::visit([&view](const auto& op) { return lower_op(op, view); }, view.node.op);
}

}  // namespace durward
