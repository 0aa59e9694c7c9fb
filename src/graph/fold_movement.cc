// Values of the ops that move elements. All but Gather and Concat read their input through strides:
// out[i] = in[begin + sum(i[k] * stride[k])].
#include <cstring>

#include "graph/constant_folding.h"

namespace durward::graph_detail {
namespace {

Bytes strided(const Tensor& input, int64_t begin, const Shape& shape,
              const std::vector<int64_t>& strides) {
  const auto element = static_cast<size_t>(size_of(input.type));
  Bytes out(static_cast<size_t>(elements(shape)) * element);
  std::byte* to = out.data();
  for_each_index(shape, strides, strides, [&](int64_t offset, int64_t) {
    std::memcpy(to, input.data->data() + static_cast<size_t>(begin + offset) * element, element);
    to += element;
  });
  return out;
}

// Elements before, along (one step of `axis`) and after the axis.
struct Extent {
  size_t outer = 1, inner_bytes;
  Extent(const Tensor& tensor, int axis) : inner_bytes(static_cast<size_t>(size_of(tensor.type))) {
    for (size_t i = 0; i < tensor.shape.size(); ++i) {
      const auto size = static_cast<size_t>(tensor.shape[i]);
      if (i < static_cast<size_t>(axis)) outer *= size;
      if (i > static_cast<size_t>(axis)) inner_bytes *= size;
    }
  }
};

void append(Bytes& out, const std::byte* from, size_t count) {
  out.insert(out.end(), from, from + count);
}

template <typename Index>
Bytes gather(const Tensor& x, std::span<const Index> indices, int axis) {
  const Extent extent(x, axis);
  const int64_t size = x.shape[static_cast<size_t>(axis)];
  Bytes out;
  out.reserve(extent.outer * indices.size() * extent.inner_bytes);
  for (size_t i = 0; i < extent.outer; ++i) {
    for (const Index index : indices) {
      const int64_t from_front = index < 0 ? index + size : index;
      const size_t position = i * static_cast<size_t>(size) + static_cast<size_t>(from_front);
      append(out, x.data->data() + position * extent.inner_bytes, extent.inner_bytes);
    }
  }
  return out;
}

}  // namespace

Values evaluate(const TypedNode& node, const Identity&) { return one(*node.input(0).data); }

Values evaluate(const TypedNode& node, const Reshape&) { return one(*node.input(0).data); }

Values evaluate(const TypedNode& node, const Transpose& op) {
  const std::vector<int64_t> strides = strides_of(node.shape());
  std::vector<int64_t> permuted;
  permuted.reserve(op.perm.size());
  for (const int axis : op.perm) permuted.push_back(strides[static_cast<size_t>(axis)]);
  return one(strided(node.input(0), 0, node.output(0).shape, permuted));
}

Values evaluate(const TypedNode& node, const Broadcast& op) {
  return one(strided(node.input(0), 0, op.shape, broadcast_strides(node.shape(), op.shape)));
}

Values evaluate(const TypedNode& node, const Tile& op) {
  // A dimension repeated r times is two, of which the outer one does not move in the input.
  const std::vector<int64_t> strides = strides_of(node.shape());
  Shape shape;
  std::vector<int64_t> tiled;
  for (size_t i = 0; i < strides.size(); ++i) {
    shape.insert(shape.end(), {op.repeats[i], node.shape()[i]});
    tiled.insert(tiled.end(), {0, strides[i]});
  }
  return one(strided(node.input(0), 0, shape, tiled));
}

Values evaluate(const TypedNode& node, const Slice& op) {
  std::vector<int64_t> strides = strides_of(node.shape());
  int64_t begin = 0;
  if (elements(node.output(0).shape) == 0) return one({});
  for (size_t i = 0; i < strides.size(); ++i) {
    begin += op.begin[i] * strides[i];
    // A step that is taken never may be any number.
    strides[i] = node.output(0).shape[i] > 1 ? strides[i] * op.step[i] : 0;
  }
  return one(strided(node.input(0), begin, node.output(0).shape, strides));
}

Values evaluate(const TypedNode& node, const Split& op) {
  const std::vector<int64_t> strides = strides_of(node.shape());
  std::vector<Bytes> parts;
  int64_t position = 0;
  for (size_t i = 0; i < op.sizes.size(); ++i) {
    parts.push_back(strided(node.input(0), position * strides[static_cast<size_t>(op.axis)],
                            node.output(i).shape, strides));
    position += op.sizes[i];
  }
  return parts;
}

Values evaluate(const TypedNode& node, const Concat& op) {
  const Extent extent(node.output(0), op.axis);
  Bytes out;
  out.reserve(node.output(0).shape.empty() ? 0
                                           : static_cast<size_t>(elements(node.output(0).shape)) *
                                                 static_cast<size_t>(size_of(node.type())));
  for (size_t outer = 0; outer < extent.outer; ++outer) {
    for (size_t i = 0; i < node.input_count(); ++i) {
      const size_t block =
          static_cast<size_t>(node.shape(i)[static_cast<size_t>(op.axis)]) * extent.inner_bytes;
      append(out, node.input(i).data->data() + outer * block, block);
    }
  }
  return one(std::move(out));
}

Values evaluate(const TypedNode& node, const Gather& op) {
  const Tensor& indices = node.input(1);
  return one(indices.type == DataType::kInt64
                 ? gather(node.input(0), indices.values<int64_t>(), op.axis)
                 : gather(node.input(0), indices.values<int32_t>(), op.axis));
}

}  // namespace durward::graph_detail
