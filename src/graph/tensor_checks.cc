#include "graph/tensor_checks.h"

#include <cmath>
#include <limits>

namespace durward::graph_detail {
namespace {

template <typename... Parts>
absl::Status error(const Tensor& tensor, const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat("tensor '", tensor.name, "' (",
                                                 std::string(to_string(tensor.type)), "[",
                                                 to_string(tensor.shape), "]): ", parts...));
}

template <typename T>
IntegerRange range() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

}  // namespace

IntegerRange range_of(DataType type) {
  switch (type) {
    case DataType::kInt8:
      return range<int8_t>();
    case DataType::kUInt8:
      return range<uint8_t>();
    case DataType::kInt16:
      return range<int16_t>();
    case DataType::kInt32:
      return range<int32_t>();
    case DataType::kFloat32:
    case DataType::kFloat16:
    case DataType::kInt64:
    case DataType::kBool:
      break;
  }
  return {0, 0};
}

absl::Status check_extent(const Tensor& tensor) {
  if (tensor.shape.size() > kMaxRank) {
    return error(tensor, "more than ", kMaxRank, " dimensions");
  }
  const auto count = element_count(tensor.shape);
  if (!count.ok()) return error(tensor, count.status().message());
  if (!tensor.constant()) return absl::OkStatus();
  const int64_t bytes = *count * size_of(tensor.type);
  if (static_cast<int64_t>(tensor.data->size()) != bytes) {
    return error(tensor, "holds ", tensor.data->size(), " bytes, its shape needs ", bytes);
  }
  return absl::OkStatus();
}

absl::Status check_quant(const Tensor& tensor) {
  if (!tensor.quant) return absl::OkStatus();
  const QuantParams& quant = *tensor.quant;
  const IntegerRange range = range_of(tensor.type);
  if (range.lowest == range.highest) return error(tensor, "this type cannot be quantised");
  int64_t expected = 1;
  if (quant.per_axis()) {
    if (static_cast<size_t>(quant.axis) >= tensor.shape.size()) {
      return error(tensor, "quantisation axis ", quant.axis, " is not one of its dimensions");
    }
    expected = tensor.shape[static_cast<size_t>(quant.axis)];
  }
  if (static_cast<int64_t>(quant.scales.size()) != expected ||
      quant.zero_points.size() != quant.scales.size()) {
    return error(tensor, "has ", quant.scales.size(), " scales and ", quant.zero_points.size(),
                 " zero points, needs ", expected, " of each");
  }
  for (const float scale : quant.scales) {
    if (!std::isfinite(scale) || scale <= 0) {
      return error(tensor, "scale ", scale, " is not finite and above 0");
    }
  }
  for (const int32_t zero_point : quant.zero_points) {
    if (zero_point < range.lowest || zero_point > range.highest) {
      return error(tensor, "zero point ", zero_point, " is not in ", range.lowest, "..",
                   range.highest);
    }
  }
  return absl::OkStatus();
}

}  // namespace durward::graph_detail
