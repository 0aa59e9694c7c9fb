// Ops that ask for a shape or change it without moving elements.
#include <algorithm>
#include <numeric>

#include "base/checked.h"
#include "formats/onnx/import_ops.h"

namespace durward {
namespace {

Tensor integer_tensor(const Shape& shape, const std::vector<int64_t>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return Tensor{"", DataType::kInt64, shape, std::nullopt,
                std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end())};
}

// ONNX's Reshape target with its 0 (keep) and -1 (the rest) filled in.
absl::StatusOr<Shape> resolved(const NodeView& node, const Shape& from, Shape target) {
  const int64_t count = elements(from);
  const bool allow_zero = node.get_int("allowzero", 0) != 0;
  int64_t known = 1;
  auto rest = target.end();
  for (auto it = target.begin(); it != target.end(); ++it) {
    const auto index = static_cast<size_t>(it - target.begin());
    if (*it == 0 && !allow_zero) {
      if (index >= from.size()) return node.invalid("a 0 in its shape has nothing to copy");
      *it = from[index];
    }
    if (*it == -1) {
      if (rest != target.end()) return node.invalid("its shape has more than one -1");
      rest = it;
      continue;
    }
    const auto product = *it < 0 ? std::nullopt : checked_mul(known, *it);
    if (!product)
      return node.invalid(absl::StrCat("its shape ", to_string(target), " is no shape"));
    known = *product;
  }
  if (rest != target.end()) {
    if (known == 0 || count % known != 0) {
      return node.invalid(
          absl::StrCat("cannot reshape ", to_string(from), " to ", to_string(target)));
    }
    *rest = count / known;
    known = count;
  }
  if (known != count) {
    return node.invalid(absl::StrCat("cannot reshape ", to_string(from), " to ", to_string(target),
                                     " of another number of elements"));
  }
  return target;
}

// The node's output is x in another shape.
absl::Status emit_reshape(Importer& importer, const NodeView& node, const ImportedValue& x,
                          const Shape& target) {
  if (target.size() > kMaxRank) {
    return node.unimplemented("more than 8 dimensions are not supported");
  }
  DURWARD_ASSIGN_OR_RETURN(ImportedValue result, importer.reshape(x, target, node.output(0)));
  return importer.alias(node, std::move(result));
}

}  // namespace

absl::StatusOr<int> front_axis(const NodeView& node, int64_t axis, size_t rank) {
  const auto limit = static_cast<int64_t>(rank);
  if (axis < -limit || axis >= limit) {
    return node.invalid(absl::StrCat("axis ", axis, " is not one of ", rank, " dimensions"));
  }
  return static_cast<int>(axis < 0 ? axis + limit : axis);
}

absl::StatusOr<std::vector<int>> front_axes(const NodeView& node, const std::vector<int64_t>& axes,
                                            size_t rank) {
  std::vector<int> result;
  for (const int64_t axis : axes) {
    DURWARD_ASSIGN_OR_RETURN(const int front, front_axis(node, axis, rank));
    result.push_back(front);
  }
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    return node.invalid("an axis is named twice");
  }
  return result;
}

int stored_axis(const ImportedValue& value, int onnx_axis) {
  return inverse(value.order)[static_cast<size_t>(onnx_axis)];
}

absl::Status import_shape(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const Shape shape = importer.shape(x);
  const auto rank = static_cast<int64_t>(shape.size());
  // Opset 15 lets a part be asked for.
  const auto clamped = [rank](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank);
  };
  const int64_t begin = clamped(node.get_int("start", 0));
  const int64_t end = std::max(begin, clamped(node.get_int("end", rank)));
  const std::vector<int64_t> part(shape.begin() + begin, shape.begin() + end);
  return importer.define_constant(node, integer_tensor({end - begin}, part));
}

absl::Status import_size(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  return importer.define_constant(node, integer_tensor({}, {elements(importer.shape(x))}));
}

absl::Status import_reshape(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue shape, importer.input(node, 1));
  DURWARD_ASSIGN_OR_RETURN(Shape target, importer.integers(node, shape));
  DURWARD_ASSIGN_OR_RETURN(target, resolved(node, importer.shape(x), std::move(target)));
  return emit_reshape(importer, node, x, target);
}

absl::Status import_flatten(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const Shape shape = importer.shape(x);
  const auto rank = static_cast<int64_t>(shape.size());
  int64_t axis = node.get_int("axis", 1);
  if (axis < -rank || axis > rank) {
    return node.invalid(absl::StrCat("axis ", axis, " is not one of ", rank, " dimensions"));
  }
  if (axis < 0) axis += rank;
  const auto product = [](auto first, auto last) {
    return std::accumulate(first, last, int64_t{1}, std::multiplies<>());
  };
  return emit_reshape(
      importer, node, x,
      {product(shape.begin(), shape.begin() + axis), product(shape.begin() + axis, shape.end())});
}

absl::Status import_squeeze(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> listed,
                           importer.integers_from(node, "axes", 1));
  const Shape shape = importer.shape(x);
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int> axes, front_axes(node, listed, shape.size()));
  const bool all = !node.has("axes") && !node.has_input(1);
  Shape target;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool named = std::binary_search(axes.begin(), axes.end(), static_cast<int>(i));
    if (named && shape[i] != 1) {
      return node.invalid(absl::StrCat("cannot squeeze dimension ", i, " of ", to_string(shape)));
    }
    if (!named && !(all && shape[i] == 1)) target.push_back(shape[i]);
  }
  return emit_reshape(importer, node, x, target);
}

absl::Status import_unsqueeze(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int64_t> listed,
                           importer.integers_from(node, "axes", 1));
  Shape target = importer.shape(x);
  DURWARD_ASSIGN_OR_RETURN(const std::vector<int> axes,
                           front_axes(node, listed, target.size() + listed.size()));
  for (const int axis : axes) target.insert(target.begin() + axis, 1);
  return emit_reshape(importer, node, x, target);
}

absl::Status import_transpose(Importer& importer, const NodeView& node) {
  DURWARD_ASSIGN_OR_RETURN(const ImportedValue x, importer.input(node, 0));
  const size_t rank = x.order.size();
  const Permutation reversed = [rank] {
    Permutation result = identity_permutation(rank);
    std::reverse(result.begin(), result.end());
    return result;
  }();
  const std::vector<int64_t> perm =
      node.get_ints("perm", std::vector<int64_t>(reversed.begin(), reversed.end()));
  if (perm.size() != rank || !is_permutation(perm)) {
    return node.invalid("perm is not a permutation of the input's dimensions");
  }
  // Output dimension j is input dimension perm[j]: the same tensor, read in another order.
  const Permutation new_place = inverse(Permutation(perm.begin(), perm.end()));
  Permutation order;
  for (const int dimension : x.order) order.push_back(new_place[static_cast<size_t>(dimension)]);
  return importer.alias(node, {x.tensor, std::move(order)});
}

}  // namespace durward
