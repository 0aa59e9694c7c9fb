// Permuted storage: how ONNX's NCHW and the IR's NHWC meet without transposes.
//
// A tensor has logical dimensions and is stored in some permutation of them: stored dimension i is
// logical dimension p[i]. The reader's logical order is ONNX's and its storage the IR's; the writer
// has it the other way round. Either way a Transpose of a value is only a new permutation, and an
// op that does not mind the order keeps the one it gets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/types.h"

namespace durward {

using Permutation = std::vector<int>;

[[nodiscard]] Permutation identity_permutation(size_t rank);
[[nodiscard]] bool is_identity(const Permutation& permutation);
[[nodiscard]] Permutation inverse(const Permutation& permutation);

// True where the entries are 0..size-1, each once.
[[nodiscard]] bool is_permutation(std::span<const int64_t> entries);

// out[i] = shape[permutation[i]]: the stored shape of a logical one.
[[nodiscard]] Shape permuted(const Shape& shape, const Permutation& permutation);
// The logical shape of a stored one.
[[nodiscard]] Shape unpermuted(const Shape& shape, const Permutation& permutation);

// The perm of the Transpose that turns storage `from` into storage `to`.
[[nodiscard]] Permutation transposition(const Permutation& from, const Permutation& to);

// True where transposing `shape` moves only dimensions of size 1, so that a Reshape does the same.
[[nodiscard]] bool keeps_order(const Shape& shape, const Permutation& perm);

// The axis of `to` that holds axis `axis` of `from`, where a reshape leaves that axis whole.
[[nodiscard]] std::optional<int> axis_after_reshape(const Shape& from, int axis, const Shape& to);

// The bytes of a row-major tensor of `shape`, transposed: out dimension i is in dimension perm[i].
[[nodiscard]] std::vector<std::byte> transposed_bytes(std::span<const std::byte> bytes,
                                                      const Shape& shape, const Permutation& perm,
                                                      int64_t element_size);

// How to reshape a permuted tensor: bring its storage to `input` (often as it is), reshape, and the
// result is stored as `output`.
struct ReshapePlan {
  Permutation input, output;
};

// Plans the Reshape of the logical shape `from`, stored as `stored`, to the logical shape `to` of
// equally many elements. Dimensions that are merged or split together must lie next to each other
// in storage; the plan asks for another storage only where they do not. Of the storages that fit a
// rank-4 result it prefers `image`, then the logical order.
[[nodiscard]] ReshapePlan plan_reshape(const Shape& from, const Permutation& stored,
                                       const Shape& to, const Permutation& image);

}  // namespace durward
