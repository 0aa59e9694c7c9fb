#include "formats/onnx/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/random.h"

namespace durward {
namespace {

const Permutation kNhwc = {0, 2, 3, 1};

// A tensor whose elements are their own logical row-major index, stored in `order`.
std::vector<int32_t> stored_indices(const Shape& shape, const Permutation& order) {
  std::vector<int32_t> values(static_cast<size_t>(elements(shape)));
  std::iota(values.begin(), values.end(), 0);
  const auto bytes = transposed_bytes(std::as_bytes(std::span(values)), shape, order, 4);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

TEST(Layout, TransposedBytesFollowTheDefinition) {
  // (i, j) of 2x3 goes to (j, i) of 3x2.
  EXPECT_EQ(stored_indices({2, 3}, {1, 0}), (std::vector<int32_t>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(stored_indices({}, {}), (std::vector<int32_t>{0}));
}

TEST(Layout, TranspositionLeadsFromOneStorageToTheOther) {
  const Shape shape = {2, 3, 4, 5};
  const Permutation from = {2, 0, 3, 1}, to = {1, 3, 0, 2};
  const auto values = stored_indices(shape, from);
  const auto bytes = transposed_bytes(std::as_bytes(std::span(values)), permuted(shape, from),
                                      transposition(from, to), 4);
  const auto expected = stored_indices(shape, to);
  EXPECT_EQ(std::memcmp(bytes.data(), expected.data(), bytes.size()), 0);
}

TEST(Layout, ReshapeOfAnImageNeedsNoTranspose) {
  // What YuNet's heads do: N,C,H,W stored as N,H,W,C; its transposed form N,H,W,C read plainly.
  const ReshapePlan head = plan_reshape({1, 20, 20, 4}, {0, 1, 2, 3}, {1, 400, 4}, kNhwc);
  EXPECT_EQ(head.input, (Permutation{0, 1, 2, 3}));
  EXPECT_EQ(head.output, (Permutation{0, 1, 2}));
  // A global pool's result flattened, and back.
  const ReshapePlan flat = plan_reshape({2, 8, 1, 1}, kNhwc, {2, 8}, kNhwc);
  EXPECT_EQ(flat.input, kNhwc);
  const ReshapePlan back = plan_reshape({2, 8}, {0, 1}, {2, 8, 1, 1}, kNhwc);
  EXPECT_EQ(back.output, kNhwc);
  // Height and width merged: channels stay last.
  const ReshapePlan merged = plan_reshape({2, 8, 3, 5}, kNhwc, {2, 8, 15}, kNhwc);
  EXPECT_EQ(merged.input, kNhwc);
  EXPECT_EQ(merged.output, (Permutation{0, 2, 1}));
}

TEST(Layout, FlattenOfAnImageNeedsItsLogicalOrder) {
  const ReshapePlan plan = plan_reshape({2, 8, 3, 5}, kNhwc, {2, 120}, kNhwc);
  EXPECT_EQ(plan.input, (Permutation{0, 1, 2, 3}));
}

// A shape of `rank` dimensions whose product is that of `factors`.
Shape random_shape(Random& random, const std::vector<int64_t>& factors, size_t rank) {
  std::vector<size_t> groups;  // ascending: consecutive factors go to the same dimension
  for (size_t i = 0; i < factors.size(); ++i) groups.push_back(random.below(rank));
  std::sort(groups.begin(), groups.end());
  Shape shape(rank, 1);
  for (size_t i = 0; i < factors.size(); ++i) shape[groups[i]] *= factors[i];
  return shape;
}

TEST(Layout, EveryPlanReshapesAsTheLogicalReshapeDoes) {
  Random random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const std::vector<int64_t> factors = {2, 3, 2, 5, 1 + static_cast<int64_t>(random.below(3))};
    const Shape from = random_shape(random, factors, 1 + random.below(5));
    const Shape to = random_shape(random, factors, 1 + random.below(5));
    Permutation stored = identity_permutation(from.size());
    for (size_t i = stored.size(); i > 1; --i) std::swap(stored[i - 1], stored[random.below(i)]);
    const ReshapePlan plan = plan_reshape(from, stored, to, kNhwc);
    // Reshaping the storage `input` must give the storage `output` of the reshaped tensor, whose
    // elements have the same logical row-major index.
    EXPECT_EQ(stored_indices(from, plan.input), stored_indices(to, plan.output))
        << to_string(from) << " -> " << to_string(to);
  }
}

}  // namespace
}  // namespace durward
