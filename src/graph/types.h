// Element types, shapes and quantisation parameters of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

enum class DataType : uint8_t { kFloat32, kFloat16, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool };

[[nodiscard]] std::string_view to_string(DataType type);
[[nodiscard]] int64_t size_of(DataType type);  // bytes per element

// Dimensions, outermost first, all static. An empty shape is a scalar.
using Shape = std::vector<int64_t>;

// The most elements that a tensor may have (2^40): beyond it a shape is an error, not an
// allocation.
inline constexpr int64_t kMaxElements = int64_t{1} << 40;

// The most dimensions that a tensor may have.
inline constexpr size_t kMaxRank = 8;

[[nodiscard]] std::string to_string(const Shape& shape);  // "1x112x112x3", "scalar"

// The number of elements. InvalidArgument where a dimension is negative or the product is above
// kMaxElements.
[[nodiscard]] absl::StatusOr<int64_t> element_count(const Shape& shape);

// The same for a shape that the verifier has accepted.
[[nodiscard]] int64_t elements(const Shape& shape);

// Affine quantisation: real = scale * (q - zero_point). One scale and zero point per tensor
// (axis == -1), or one of each per index along `axis`. Scales are finite and > 0.
struct QuantParams {
  std::vector<float> scales;
  std::vector<int32_t> zero_points;
  int axis = -1;

  [[nodiscard]] bool per_axis() const { return axis >= 0; }
  bool operator==(const QuantParams&) const = default;
};

}  // namespace durward
