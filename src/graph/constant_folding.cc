#include "graph/constant_folding.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/half.h"
#include "graph/tensor_checks.h"

namespace durward {
namespace graph_detail {
namespace {

bool moves_elements(const Op& op) {
  return std::holds_alternative<Identity>(op) || std::holds_alternative<Reshape>(op) ||
         std::holds_alternative<Transpose>(op) || std::holds_alternative<Broadcast>(op) ||
         std::holds_alternative<Tile>(op) || std::holds_alternative<Slice>(op) ||
         std::holds_alternative<Split>(op);
}

// Constants in quantised form are moved where that keeps their parameters true, and dequantised.
bool quantization_allows(const Node& node, const TypedNode& view) {
  if (std::holds_alternative<Quantize>(node.op) || std::holds_alternative<Dequantize>(node.op)) {
    return true;
  }
  for (size_t i = 0; i < view.input_count(); ++i) {
    if (!view.input(i).quant) continue;
    if (!moves_elements(node.op) || view.input(i).quant->per_axis()) return false;
    for (size_t o = 0; o < view.output_count(); ++o) {
      if (view.output(o).quant != view.input(i).quant) return false;
    }
  }
  return true;
}

template <typename To, typename From>
To converted(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // Out of range is undefined in ONNX and in C++; here it saturates, and NaN is 0.
    if (std::isnan(value)) return 0;
    // 2^digits: the first number above the range, which a float holds exactly.
    const float above = std::ldexp(1.0f, std::numeric_limits<To>::digits);
    if (value >= above) return std::numeric_limits<To>::max();
    if (value < static_cast<float>(std::numeric_limits<To>::min())) {
      return std::numeric_limits<To>::min();
    }
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

template <typename To, typename From>
Bytes cast_values(std::span<const From> from) {
  Bytes out;
  out.reserve(from.size() * sizeof(To));
  for (const From value : from) {
    const To to = converted<To>(value);
    const auto bytes = std::as_bytes(std::span(&to, 1));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

template <typename From>
Values cast_from(std::span<const From> from, DataType to) {
  switch (to) {
    case DataType::kFloat32:
      return one(cast_values<float>(from));
    case DataType::kInt8:
      return one(cast_values<int8_t>(from));
    case DataType::kUInt8:
      return one(cast_values<uint8_t>(from));
    case DataType::kInt16:
      return one(cast_values<int16_t>(from));
    case DataType::kInt32:
      return one(cast_values<int32_t>(from));
    case DataType::kInt64:
      return one(cast_values<int64_t>(from));
    case DataType::kBool:
      return one(cast_values<bool>(from));
    case DataType::kFloat16:
      break;
  }
  return std::nullopt;
}

// The quantisation channel of each element in row-major order.
class ChannelOf {
 public:
  explicit ChannelOf(const Tensor& tensor, const QuantParams& quant) {
    if (!quant.per_axis()) return;
    channels_ = static_cast<size_t>(tensor.shape[static_cast<size_t>(quant.axis)]);
    for (size_t i = static_cast<size_t>(quant.axis) + 1; i < tensor.shape.size(); ++i) {
      inner_ *= static_cast<size_t>(tensor.shape[i]);
    }
  }
  size_t operator()(size_t element) const { return element / inner_ % channels_; }

 private:
  size_t inner_ = 1, channels_ = 1;
};

// ONNX QuantizeLinear: saturate(round_half_even(x / scale) + zero_point).
template <typename T>
Bytes quantized(const Tensor& input, const QuantParams& quant) {
  const ChannelOf channel_of(input, quant);
  const auto x = input.values<float>();
  const IntegerRange range{std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  std::vector<T> out(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t channel = channel_of(i);
    const double steps = std::nearbyint(static_cast<double>(x[i] / quant.scales[channel]));
    const double value =
        std::isnan(steps) ? quant.zero_points[channel] : steps + quant.zero_points[channel];
    out[i] = static_cast<T>(
        std::clamp(value, static_cast<double>(range.lowest), static_cast<double>(range.highest)));
  }
  return bytes_of(out);
}

template <typename T>
Bytes dequantized(const Tensor& input) {
  const QuantParams& quant = *input.quant;
  const ChannelOf channel_of(input, quant);
  const auto q = input.values<T>();
  std::vector<float> out(q.size());
  for (size_t i = 0; i < q.size(); ++i) {
    const size_t channel = channel_of(i);
    const int64_t steps = int64_t{q[i]} - quant.zero_points[channel];
    out[i] = static_cast<float>(steps) * quant.scales[channel];
  }
  return bytes_of(out);
}

}  // namespace

std::vector<int64_t> strides_of(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

std::vector<int64_t> broadcast_strides(const Shape& from, const Shape& to) {
  std::vector<int64_t> strides(to.size(), 0);
  const std::vector<int64_t> own = strides_of(from);
  const size_t offset = to.size() - from.size();
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i] != 1) strides[offset + i] = own[i];
  }
  return strides;
}

Values evaluate(const TypedNode& node, const Cast& op) {
  const Tensor& input = node.input(0);
  if (op.to == input.type) return one(*input.data);
  switch (input.type) {
    case DataType::kFloat32:
      return cast_from(input.values<float>(), op.to);
    case DataType::kFloat16: {
      std::vector<float> floats;
      for (const uint16_t half : input.values<uint16_t>()) floats.push_back(half_to_float(half));
      return cast_from(std::span<const float>(floats), op.to);
    }
    case DataType::kInt8:
      return cast_from(input.values<int8_t>(), op.to);
    case DataType::kUInt8:
    case DataType::kBool:
      return cast_from(input.values<uint8_t>(), op.to);
    case DataType::kInt16:
      return cast_from(input.values<int16_t>(), op.to);
    case DataType::kInt32:
      return cast_from(input.values<int32_t>(), op.to);
    case DataType::kInt64:
      return cast_from(input.values<int64_t>(), op.to);
  }
  return std::nullopt;
}

Values evaluate(const TypedNode& node, const ShapeOf&) { return one(bytes_of(node.shape())); }

Values evaluate(const TypedNode& node, const Quantize&) {
  const Tensor& output = node.output(0);
  if (node.type() != DataType::kFloat32 || !output.quant) return std::nullopt;
  switch (output.type) {
    case DataType::kInt8:
      return one(quantized<int8_t>(node.input(0), *output.quant));
    case DataType::kUInt8:
      return one(quantized<uint8_t>(node.input(0), *output.quant));
    case DataType::kInt16:
      return one(quantized<int16_t>(node.input(0), *output.quant));
    case DataType::kInt32:
      return one(quantized<int32_t>(node.input(0), *output.quant));
    default:
      return std::nullopt;
  }
}

Values evaluate(const TypedNode& node, const Dequantize&) {
  const Tensor& input = node.input(0);
  if (!input.quant) return std::nullopt;
  switch (input.type) {
    case DataType::kInt8:
      return one(dequantized<int8_t>(input));
    case DataType::kUInt8:
      return one(dequantized<uint8_t>(input));
    case DataType::kInt16:
      return one(dequantized<int16_t>(input));
    case DataType::kInt32:
      return one(dequantized<int32_t>(input));
    default:
      return std::nullopt;
  }
}

}  // namespace graph_detail

absl::StatusOr<bool> fold_constant(Graph& graph, NodeId id, int64_t max_elements) {
  const Node& node = graph.node(id);
  const graph_detail::TypedNode view(graph, node);
  const bool only_shape = std::holds_alternative<ShapeOf>(node.op);
  for (const TensorId input : node.inputs) {
    if (!input.valid() || (!graph.tensor(input).constant() && !only_shape)) return false;
    DURWARD_RETURN_IF_ERROR(graph_detail::check_extent(graph.tensor(input)));
    DURWARD_RETURN_IF_ERROR(graph_detail::check_quant(graph.tensor(input)));
  }
  if (node.inputs.empty() || (!only_shape && !graph_detail::quantization_allows(node, view)))
    return false;
  // Inferred anew, so that nothing below depends on what the output tensors claim.
  DURWARD_RETURN_IF_ERROR(infer_shapes(graph, id));
  for (const TensorId output : node.outputs) {
    if (elements(graph.tensor(output).shape) > max_elements) return false;
    DURWARD_RETURN_IF_ERROR(graph_detail::check_quant(graph.tensor(output)));
  }
  DURWARD_ASSIGN_OR_RETURN(
      std::optional<std::vector<graph_detail::Bytes>> values,
      std::visit([&view](const auto& op) { return graph_detail::evaluate(view, op); }, node.op));
  if (!values) return false;
  const std::vector<TensorId> outputs = node.outputs;
  graph.remove_node(id);
  for (size_t i = 0; i < outputs.size(); ++i) {
    graph.mutable_tensor(outputs[i]).data =
        std::make_shared<const std::vector<std::byte>>(std::move((*values)[i]));
  }
  return true;
}

}  // namespace durward
