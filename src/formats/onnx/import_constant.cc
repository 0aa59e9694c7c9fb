// Constants, and ops of shape arithmetic that the IR has no use for beyond their value.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/checked.h"
#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

Tensor tensor_of(DataType type, Shape shape, std::vector<std::byte> bytes) {
  return Tensor{"", type, std::move(shape), std::nullopt,
                std::make_shared<const std::vector<std::byte>>(std::move(bytes))};
}

template <typename T>
Tensor tensor_of(DataType type, Shape shape, const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return tensor_of(type, std::move(shape), std::vector<std::byte>(bytes.begin(), bytes.end()));
}

absl::Status only_constant(const NodeView& node) {
  return node.unimplemented(
      "it is supported only where its inputs are constant (in shape arithmetic)");
}

// Charges what a node is about to compute.
absl::Status charge(Importer& importer, const NodeView& node, int64_t count) {
  if (count > importer.fold_budget()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(node.where(), ": its constant result of ", count,
                     " elements is more than a model may compute at import"));
  }
  importer.charge_fold(count);
  return absl::OkStatus();
}

// The index of an element of `shape` in a tensor that broadcasts to it.
class BroadcastIndex {
 public:
  BroadcastIndex(const Shape& from, const Shape& to) : shape_(to), stride_(to.size(), 0) {
    int64_t stride = 1;
    for (size_t i = 0; i < from.size(); ++i) {
      const size_t in = from.size() - 1 - i, out = to.size() - 1 - i;
      if (from[in] != 1) stride_[out] = stride;
      stride *= from[in];
    }
  }
  [[nodiscard]] int64_t operator()(int64_t element) const {
    int64_t index = 0;
    for (size_t i = shape_.size(); i-- > 0;) {
      index += element % shape_[i] * stride_[i];
      element /= shape_[i];
    }
    return index;
  }

 private:
  Shape shape_;
  std::vector<int64_t> stride_;
};

absl::StatusOr<Shape> broadcast(const NodeView& node, const std::vector<Shape>& shapes) {
  Shape result;
  for (const Shape& shape : shapes) {
    if (shape.size() > result.size())
      result.insert(result.begin(), shape.size() - result.size(), 1);
    for (size_t i = 0; i < shape.size(); ++i) {
      int64_t& dimension = result[result.size() - shape.size() + i];
      if (dimension == 1) dimension = shape[i];
      if (shape[i] != 1 && shape[i] != dimension) return node.invalid("shapes do not broadcast");
    }
  }
  if (const auto count = element_count(result); !count.ok()) {
    return node.invalid(std::string(count.status().message()));
  }
  return result;
}

// The node's constant inputs in ONNX's order.
absl::StatusOr<std::vector<Tensor>> constant_inputs(Importer& importer, const NodeView& node,
                                                    int count) {
  std::vector<Tensor> tensors;
  for (int i = 0; i < count; ++i) {
    DURWARD_ASSIGN_OR_RETURN(const ImportedValue value, importer.input(node, i));
    if (!importer.constant(value)) return only_constant(node);
    DURWARD_ASSIGN_OR_RETURN(const TensorId plain, importer.plain(value));
    tensors.push_back(importer.graph().tensor(plain));
  }
  return tensors;
}

absl::StatusOr<std::vector<int64_t>> range(const NodeView& node, int64_t begin, int64_t end,
                                           int64_t step, int64_t limit) {
  std::vector<int64_t> values;
  if (step == 0) return node.invalid("its step is 0");
  for (int64_t value = begin; step > 0 ? value < end : value > end;) {
    if (static_cast<int64_t>(values.size()) >= limit) return node.invalid("its range is too long");
    values.push_back(value);
    const auto next = checked_add(value, step);
    if (!next) break;
    value = *next;
  }
  return values;
}

}  // namespace

absl::Status import_constant(Importer& importer, const NodeView& node) {
  if (const onnx::TensorProto* proto = node.get_tensor("value")) {
    auto tensor = importer.decode(*proto);
    if (!tensor.ok()) return with_context(tensor.status(), node.where());
    return importer.define_constant(node, *std::move(tensor));
  }
  if (node.has("value_float")) {
    return importer.define_constant(
        node, tensor_of<float>(DataType::kFloat32, {}, {node.get_float("value_float", 0)}));
  }
  if (node.has("value_int")) {
    return importer.define_constant(
        node, tensor_of<int64_t>(DataType::kInt64, {}, {node.get_int("value_int", 0)}));
  }
  if (node.has("value_ints")) {
    const std::vector<int64_t> values = node.get_ints("value_ints");
    return importer.define_constant(
        node, tensor_of(DataType::kInt64, {static_cast<int64_t>(values.size())}, values));
  }
  if (node.has("value_floats")) {
    const std::vector<float> values = node.get_floats("value_floats");
    return importer.define_constant(
        node, tensor_of(DataType::kFloat32, {static_cast<int64_t>(values.size())}, values));
  }
  return node.unimplemented("its value is of a kind that is not supported; numbers are");
}

absl::Status import_constant_of_shape(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue input, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(Shape shape, importer.integers(node, input));
  if (shape.size() > kMaxRank)
    return node.unimplemented("more than 8 dimensions are not supported");
  const auto count = element_count(shape);
  if (!count.ok()) return node.invalid(std::string(count.status().message()));
  Tensor element = tensor_of<float>(DataType::kFloat32, {1}, {0.0f});
  if (const onnx::TensorProto* proto = node.get_tensor("value")) {
    DURWARD_ASSIGN_OR_RETURN(element, importer.decode(*proto));
    if (elements(element.shape) != 1) return node.invalid("its value should be one element");
  }
  DURWARD_RETURN_IF_ERROR(charge(importer, node, *count));
  const auto size = static_cast<size_t>(size_of(element.type));
  std::vector<std::byte> bytes(static_cast<size_t>(*count) * size);
  for (size_t i = 0; i < bytes.size(); i += size) {
    std::memcpy(bytes.data() + i, element.data->data(), size);
  }
  return importer.define_constant(node,
                                  tensor_of(element.type, std::move(shape), std::move(bytes)));
}

absl::Status import_equal(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const auto inputs, constant_inputs(importer, node, 2));
  if (inputs[0].type != inputs[1].type) return node.invalid("its inputs differ in type");
  DURWARD_ASSIGN_OR_RETURN(const Shape shape, broadcast(node, {inputs[0].shape, inputs[1].shape}));
  DURWARD_RETURN_IF_ERROR(charge(importer, node, elements(shape)));
  if (inputs[0].type == DataType::kFloat32) return only_constant(node);
  const auto size = static_cast<size_t>(size_of(inputs[0].type));
  const BroadcastIndex a(inputs[0].shape, shape), b(inputs[1].shape, shape);
  std::vector<std::byte> bytes(static_cast<size_t>(elements(shape)));
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto element = static_cast<int64_t>(i);
    const std::byte* left = inputs[0].data->data() + static_cast<size_t>(a(element)) * size;
    const std::byte* right = inputs[1].data->data() + static_cast<size_t>(b(element)) * size;
    bytes[i] = std::byte{std::memcmp(left, right, size) == 0};
  }
  return importer.define_constant(node, tensor_of(DataType::kBool, shape, std::move(bytes)));
}

absl::Status import_not(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const auto inputs, constant_inputs(importer, node, 1));
  if (inputs[0].type != DataType::kBool) return node.invalid("its input is no truth value");
  DURWARD_RETURN_IF_ERROR(charge(importer, node, elements(inputs[0].shape)));
  std::vector<std::byte> bytes = *inputs[0].data;
  for (std::byte& byte : bytes) byte = std::byte{byte == std::byte{0}};
  return importer.define_constant(node,
                                  tensor_of(DataType::kBool, inputs[0].shape, std::move(bytes)));
}

absl::Status import_where(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const auto inputs, constant_inputs(importer, node, 3));
  if (inputs[0].type != DataType::kBool || inputs[1].type != inputs[2].type) {
    return node.invalid("its inputs do not fit in type");
  }
  DURWARD_ASSIGN_OR_RETURN(const Shape shape,
                           broadcast(node, {inputs[0].shape, inputs[1].shape, inputs[2].shape}));
  DURWARD_RETURN_IF_ERROR(charge(importer, node, elements(shape)));
  const BroadcastIndex index[3] = {
      {inputs[0].shape, shape}, {inputs[1].shape, shape}, {inputs[2].shape, shape}};
  const auto size = static_cast<size_t>(size_of(inputs[1].type));
  std::vector<std::byte> bytes(static_cast<size_t>(elements(shape)) * size);
  for (size_t i = 0; i * size < bytes.size(); ++i) {
    const auto element = static_cast<int64_t>(i);
    const bool first = (*inputs[0].data)[static_cast<size_t>(index[0](element))] != std::byte{0};
    const size_t chosen = first ? 1 : 2;
    std::memcpy(bytes.data() + i * size,
                inputs[chosen].data->data() + static_cast<size_t>(index[chosen](element)) * size,
                size);
  }
  return importer.define_constant(node, tensor_of(inputs[1].type, shape, std::move(bytes)));
}

absl::Status import_range(Importer& importer, const NodeView& node) {
  int64_t bounds[3];
  for (int i = 0; i < 3; ++i) {
    DURWARD_ASSIGN_OR_RETURN(const ImportedValue value, importer.input(node, i));
    if (importer.tensor(value).type != DataType::kInt64) return only_constant(node);
    DURWARD_ASSIGN_OR_RETURN(const auto integers, importer.integers(node, value));
    if (integers.size() != 1) return node.invalid("its bounds should be scalars");
    bounds[i] = integers[0];
  }
  DURWARD_ASSIGN_OR_RETURN(const auto values,
                           range(node, bounds[0], bounds[1], bounds[2], importer.fold_budget()));
  importer.charge_fold(static_cast<int64_t>(values.size()));
  return importer.define_constant(
      node, tensor_of(DataType::kInt64, {static_cast<int64_t>(values.size())}, values));
}

}  // namespace durward
