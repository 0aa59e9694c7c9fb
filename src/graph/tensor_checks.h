// What must hold of one tensor by itself. Internal to src/graph.
#pragma once

#include "graph/graph.h"

namespace durward::graph_detail {

// Rank and element count within the limits, no negative dimension, and, for a constant, as many
// bytes as its shape and type say. The error names the tensor.
[[nodiscard]] absl::Status check_extent(const Tensor& tensor);

// Quantisation parameters that fit the tensor: an integer type; one scale and zero point, or one of
// each per index along the axis; finite scales > 0; zero points in the type's range.
[[nodiscard]] absl::Status check_quant(const Tensor& tensor);

// The range of a quantised type's values; 0..0 for a type that cannot be quantised.
struct IntegerRange {
  int64_t lowest, highest;
};
[[nodiscard]] IntegerRange range_of(DataType type);

}  // namespace durward::graph_detail
