// Shapes of the ops that move elements and compute nothing.
#include <absl/strings/str_join.h>

#include <algorithm>

#include "base/checked.h"
#include "graph/shape_inference.h"

namespace durward::graph_detail {
namespace {

// Every per-axis list of an op must be as long as the input's rank.
template <typename List>
absl::Status check_length(const TypedNode& node, const char* what, const List& list) {
  if (list.size() != node.shape().size()) {
    return node.error(what, " has ", list.size(), " entries for ", node.rank(), " dimensions");
  }
  return absl::OkStatus();
}

template <typename Index>
absl::Status check_indices(const TypedNode& node, std::span<const Index> indices, int64_t size) {
  for (const Index index : indices) {
    if (index < -size || index >= size) {
      return node.error("index ", index, " is not in ", -size, "..", size - 1);
    }
  }
  return absl::OkStatus();
}

}  // namespace

InferredTypes infer(const TypedNode& node, const Pad& op) {
  DURWARD_RETURN_IF_ERROR(check_length(node, "padding before", op.before));
  DURWARD_RETURN_IF_ERROR(check_length(node, "padding after", op.after));
  Shape shape = node.shape();
  for (size_t i = 0; i < shape.size(); ++i) {
    if (op.before[i] < 0 || op.after[i] < 0) return node.error("padding must not be negative");
    const auto padding = checked_add(op.before[i], op.after[i]);
    const auto size = padding ? checked_add(shape[i], *padding) : std::nullopt;
    if (!size) return node.error("padding of dimension ", i, " is too large");
    shape[i] = *size;
  }
  return std::vector<TensorType>{{node.type(), std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const Concat& op) {
  DURWARD_RETURN_IF_ERROR(node.check_axis(op.axis));
  const auto axis = static_cast<size_t>(op.axis);
  Shape shape = node.shape();
  for (size_t i = 1; i < node.input_count(); ++i) {
    if (node.type(i) != node.type()) return node.error("inputs must be of one type");
    Shape other = node.shape(i);
    if (other.size() != shape.size()) return node.error("inputs must be of one rank");
    const auto size = checked_add(shape[axis], other[axis]);
    if (!size) return node.error("the sum along axis ", op.axis, " is too large");
    shape[axis] = other[axis] = *size;
    if (other != shape) return node.error("input ", i, " differs outside axis ", op.axis);
  }
  return std::vector<TensorType>{{node.type(), std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const Reshape& op) {
  const auto before = element_count(node.shape());
  const auto after = element_count(op.shape);
  if (!before.ok() || !after.ok() || *before != *after) {
    return node.error("cannot be reshaped to ", to_string(op.shape));
  }
  return std::vector<TensorType>{{node.type(), op.shape}};
}

InferredTypes infer(const TypedNode& node, const Transpose& op) {
  DURWARD_RETURN_IF_ERROR(check_length(node, "perm", op.perm));
  std::vector<bool> seen(op.perm.size(), false);
  Shape shape;
  for (const int axis : op.perm) {
    if (axis < 0 || axis >= node.rank() || seen[static_cast<size_t>(axis)]) {
      return node.error("perm ", absl::StrJoin(op.perm, ","), " is not a permutation");
    }
    seen[static_cast<size_t>(axis)] = true;
    shape.push_back(node.shape()[static_cast<size_t>(axis)]);
  }
  return std::vector<TensorType>{{node.type(), std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const Broadcast& op) {
  if (!broadcasts_to(node.shape(), op.shape)) {
    return node.error("does not broadcast to ", to_string(op.shape));
  }
  return std::vector<TensorType>{{node.type(), op.shape}};
}

InferredTypes infer(const TypedNode& node, const Tile& op) {
  DURWARD_RETURN_IF_ERROR(check_length(node, "repeats", op.repeats));
  Shape shape = node.shape();
  for (size_t i = 0; i < shape.size(); ++i) {
    const auto size = checked_mul(shape[i], op.repeats[i]);
    if (op.repeats[i] < 0 || !size) return node.error("cannot repeat ", op.repeats[i], " times");
    shape[i] = *size;
  }
  return std::vector<TensorType>{{node.type(), std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const Slice& op) {
  DURWARD_RETURN_IF_ERROR(check_length(node, "begin", op.begin));
  DURWARD_RETURN_IF_ERROR(check_length(node, "end", op.end));
  DURWARD_RETURN_IF_ERROR(check_length(node, "step", op.step));
  Shape shape = node.shape();
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t begin = op.begin[i], end = op.end[i], step = op.step[i];
    if (step == 0) return node.error("step of dimension ", i, " is 0");
    // Backwards, one before the first element is an end (and, in an empty slice, a begin).
    const int64_t lowest = step > 0 ? 0 : -1;
    const int64_t highest = step > 0 ? shape[i] : shape[i] - 1;
    if (begin < lowest || begin > highest || end < lowest || end > highest) {
      return node.error("slice ", begin, "..", end, " of dimension ", i, " is not in ", lowest,
                        "..", highest);
    }
    const int64_t distance = end - begin;
    if (step > 0) {
      shape[i] = distance > 0 ? (distance - 1) / step + 1 : 0;
    } else {
      shape[i] = distance < 0 ? (distance + 1) / step + 1 : 0;
    }
  }
  return std::vector<TensorType>{{node.type(), std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const Split& op) {
  DURWARD_RETURN_IF_ERROR(node.check_axis(op.axis));
  const auto axis = static_cast<size_t>(op.axis);
  std::vector<TensorType> outputs;
  int64_t sum = 0;
  for (const int64_t size : op.sizes) {
    const auto next = checked_add(sum, size);
    if (size < 0 || !next) return node.error("part of size ", size);
    sum = *next;
    outputs.push_back({node.type(), node.shape()});
    outputs.back().shape[axis] = size;
  }
  if (sum != node.shape()[axis]) {
    return node.error("the parts sum to ", sum, ", axis ", op.axis, " has ", node.shape()[axis]);
  }
  return outputs;
}

InferredTypes infer(const TypedNode& node, const Gather& op) {
  DURWARD_RETURN_IF_ERROR(node.check_axis(op.axis));
  const int64_t size = node.shape()[static_cast<size_t>(op.axis)];
  const Tensor& indices = node.input(1);
  if (indices.type == DataType::kInt64) {
    if (indices.constant()) {
      DURWARD_RETURN_IF_ERROR(check_indices(node, indices.values<int64_t>(), size));
    }
  } else if (indices.type == DataType::kInt32) {
    if (indices.constant()) {
      DURWARD_RETURN_IF_ERROR(check_indices(node, indices.values<int32_t>(), size));
    }
  } else {
    return node.error("indices must be int32 or int64");
  }
  const Shape& x = node.shape();
  Shape shape(x.begin(), x.begin() + op.axis);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), x.begin() + op.axis + 1, x.end());
  return std::vector<TensorType>{{node.type(), std::move(shape)}};
}

InferredTypes infer(const TypedNode& node, const ShapeOf&) {
  return std::vector<TensorType>{{DataType::kInt64, {node.rank()}}};
}

}  // namespace durward::graph_detail
