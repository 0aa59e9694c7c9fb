#include "formats/onnx/layout.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace durward {
namespace {

// Dimensions that are merged or split together, none of size 1.
struct Group {
  std::vector<int> from, to;
};

std::vector<int> dimensions_above_one(const Shape& shape) {
  std::vector<int> dimensions;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 1) dimensions.push_back(static_cast<int>(i));
  }
  return dimensions;
}

// The smallest groups whose products agree, in logical order.
std::vector<Group> matching_groups(const Shape& from, const Shape& to) {
  const std::vector<int> a = dimensions_above_one(from);
  const std::vector<int> b = dimensions_above_one(to);
  std::vector<Group> groups;
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    Group group{{a[i]}, {b[j]}};
    int64_t from_product = from[static_cast<size_t>(a[i++])];
    int64_t to_product = to[static_cast<size_t>(b[j++])];
    while (from_product != to_product) {
      if (from_product < to_product && i < a.size()) {
        group.from.push_back(a[i]);
        from_product *= from[static_cast<size_t>(a[i++])];
      } else if (j < b.size()) {
        group.to.push_back(b[j]);
        to_product *= to[static_cast<size_t>(b[j++])];
      } else {
        break;
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

// True where storage `permutation` has the dimensions that are not of size 1 in the given order.
bool has_order(const Shape& shape, const Permutation& permutation, const std::vector<int>& order) {
  size_t next = 0;
  for (const int dimension : permutation) {
    if (shape[static_cast<size_t>(dimension)] == 1) continue;
    if (next == order.size() || order[next] != dimension) return false;
    ++next;
  }
  return next == order.size();
}

// A storage of `shape` with its dimensions above 1 in `order`: the first candidate that fits, else
// the dimensions of size 1 come first.
Permutation storage_with_order(const Shape& shape, const std::vector<int>& order,
                               const std::vector<Permutation>& candidates) {
  for (const Permutation& candidate : candidates) {
    if (has_order(shape, candidate, order)) return candidate;
  }
  Permutation permutation;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) permutation.push_back(static_cast<int>(i));
  }
  permutation.insert(permutation.end(), order.begin(), order.end());
  return permutation;
}

}  // namespace

Permutation identity_permutation(size_t rank) {
  Permutation permutation(rank);
  std::iota(permutation.begin(), permutation.end(), 0);
  return permutation;
}

bool is_identity(const Permutation& permutation) {
  return permutation == identity_permutation(permutation.size());
}

Permutation inverse(const Permutation& permutation) {
  Permutation result(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i) {
    result[static_cast<size_t>(permutation[i])] = static_cast<int>(i);
  }
  return result;
}

bool is_permutation(std::span<const int64_t> entries) {
  std::vector<bool> seen(entries.size(), false);
  for (const int64_t entry : entries) {
    if (entry < 0 || entry >= static_cast<int64_t>(entries.size())) return false;
    if (seen[static_cast<size_t>(entry)]) return false;
    seen[static_cast<size_t>(entry)] = true;
  }
  return true;
}

Shape permuted(const Shape& shape, const Permutation& permutation) {
  Shape result(shape.size());
  for (size_t i = 0; i < shape.size(); ++i) result[i] = shape[static_cast<size_t>(permutation[i])];
  return result;
}

Shape unpermuted(const Shape& shape, const Permutation& permutation) {
  return permuted(shape, inverse(permutation));
}

Permutation transposition(const Permutation& from, const Permutation& to) {
  const Permutation position = inverse(from);
  Permutation result(to.size());
  for (size_t i = 0; i < to.size(); ++i) result[i] = position[static_cast<size_t>(to[i])];
  return result;
}

bool keeps_order(const Shape& shape, const Permutation& perm) {
  return has_order(shape, perm, dimensions_above_one(shape));
}

std::optional<int> axis_after_reshape(const Shape& from, int axis, const Shape& to) {
  const int64_t size = from[static_cast<size_t>(axis)];
  const int64_t before =
      std::accumulate(from.begin(), from.begin() + axis, int64_t{1}, std::multiplies<>());
  int64_t product = 1;
  for (size_t i = 0; i < to.size(); ++i) {
    if (product == before && to[i] == size) return static_cast<int>(i);
    product *= to[i];
  }
  return std::nullopt;
}

std::vector<std::byte> transposed_bytes(std::span<const std::byte> bytes, const Shape& shape,
                                        const Permutation& perm, int64_t element_size) {
  std::vector<std::byte> result(bytes.size());
  if (bytes.empty()) return result;
  const size_t rank = shape.size();
  if (rank == 0) {
    std::copy(bytes.begin(), bytes.end(), result.begin());
    return result;
  }
  std::vector<int64_t> stride(rank, element_size);
  for (size_t i = rank - 1; i > 0; --i) stride[i - 1] = stride[i] * shape[i];
  const Shape out_shape = permuted(shape, perm);
  const int64_t inner_count = out_shape[rank - 1];
  const int64_t inner_stride = stride[static_cast<size_t>(perm[rank - 1])];
  std::vector<int64_t> index(rank, 0);
  std::byte* out = result.data();
  const std::byte* row = bytes.data();
  while (true) {
    for (int64_t i = 0; i < inner_count; ++i, out += element_size) {
      std::memcpy(out, row + i * inner_stride, static_cast<size_t>(element_size));
    }
    size_t axis = rank - 1;  // count up the outer dimensions, the last of them fastest
    while (true) {
      if (axis == 0) return result;
      --axis;
      const int64_t step = stride[static_cast<size_t>(perm[axis])];
      row += step;
      if (++index[axis] < out_shape[axis]) break;
      row -= step * out_shape[axis];
      index[axis] = 0;
    }
  }
}

ReshapePlan plan_reshape(const Shape& from, const Permutation& stored, const Shape& to,
                         const Permutation& image) {
  if (std::count(from.begin(), from.end(), 0) != 0) {
    return {identity_permutation(from.size()), identity_permutation(to.size())};
  }
  std::vector<Group> groups = matching_groups(from, to);
  const Permutation position = inverse(stored);
  const auto first_stored = [&position](const Group& group) {
    int first = position[static_cast<size_t>(group.from.front())];
    for (const int dimension : group.from) {
      first = std::min(first, position[static_cast<size_t>(dimension)]);
    }
    return first;
  };
  std::stable_sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
    return first_stored(a) < first_stored(b);
  });
  std::vector<int> from_order, to_order;
  for (const Group& group : groups) {
    from_order.insert(from_order.end(), group.from.begin(), group.from.end());
    to_order.insert(to_order.end(), group.to.begin(), group.to.end());
  }
  std::vector<Permutation> candidates;
  if (to.size() == 4) candidates.push_back(image);
  candidates.push_back(identity_permutation(to.size()));
  if (to.size() == 3) candidates.push_back({0, 2, 1});
  return {storage_with_order(from, from_order, {stored, identity_permutation(from.size())}),
          storage_with_order(to, to_order, candidates)};
}

}  // namespace durward
