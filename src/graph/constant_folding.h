// Values of nodes from the values of their inputs. Internal to src/graph: fold_constant in graph.h
// is what others call.
#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"
#include "graph/shape_inference.h"

namespace durward::graph_detail {

using Bytes = std::vector<std::byte>;

// An output's bytes each; nullopt where the op is not evaluated here on these types.
using Values = absl::StatusOr<std::optional<std::vector<Bytes>>>;

// Row-major strides of `shape`, in elements.
[[nodiscard]] std::vector<int64_t> strides_of(const Shape& shape);

// The strides of `from` seen as its broadcast to `to`: 0 along the dimensions that repeat.
[[nodiscard]] std::vector<int64_t> broadcast_strides(const Shape& from, const Shape& to);

// Calls visit(offset_a, offset_b) for every index of `shape` in row-major order.
template <typename Visit>
void for_each_index(const Shape& shape, const std::vector<int64_t>& strides_a,
                    const std::vector<int64_t>& strides_b, const Visit& visit) {
  const int64_t count = elements(shape);
  std::vector<int64_t> index(shape.size(), 0);
  int64_t a = 0, b = 0;
  for (int64_t i = 0; i < count; ++i) {
    visit(a, b);
    for (size_t axis = shape.size(); axis-- > 0;) {
      a += strides_a[axis];
      b += strides_b[axis];
      if (++index[axis] < shape[axis]) break;
      a -= strides_a[axis] * shape[axis];
      b -= strides_b[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

template <typename T>
[[nodiscard]] Bytes bytes_of(const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

[[nodiscard]] inline Values one(Bytes bytes) {
  std::vector<Bytes> outputs;
  outputs.push_back(std::move(bytes));
  return outputs;
}

// The ops that no overload names: convolutions, matrix products, windows.
template <typename Op>
Values evaluate(const TypedNode&, const Op&) {
  return std::nullopt;
}

// fold_movement.cc: any type, bytes moved as they are
Values evaluate(const TypedNode& node, const Identity& op);
Values evaluate(const TypedNode& node, const Reshape& op);
Values evaluate(const TypedNode& node, const Transpose& op);
Values evaluate(const TypedNode& node, const Broadcast& op);
Values evaluate(const TypedNode& node, const Tile& op);
Values evaluate(const TypedNode& node, const Slice& op);
Values evaluate(const TypedNode& node, const Split& op);
Values evaluate(const TypedNode& node, const Concat& op);
Values evaluate(const TypedNode& node, const Gather& op);

// fold_arithmetic.cc: float32, int32 and int64
Values evaluate(const TypedNode& node, const Binary& op);
Values evaluate(const TypedNode& node, const Unary& op);
Values evaluate(const TypedNode& node, const LeakyRelu& op);
Values evaluate(const TypedNode& node, const Clip& op);
Values evaluate(const TypedNode& node, const HardSigmoid& op);
Values evaluate(const TypedNode& node, const PRelu& op);
Values evaluate(const TypedNode& node, const Reduce& op);

// constant_folding.cc
Values evaluate(const TypedNode& node, const Cast& op);
Values evaluate(const TypedNode& node, const ShapeOf& op);
Values evaluate(const TypedNode& node, const Quantize& op);
Values evaluate(const TypedNode& node, const Dequantize& op);

}  // namespace durward::graph_detail
