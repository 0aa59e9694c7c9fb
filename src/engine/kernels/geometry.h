// Sizes that several kernel families share. All are checked by whoever builds them.
#pragma once

#include <cstdint>

namespace durward {

// A window that slides over an image: convolution, depthwise convolution, pooling.
struct WindowGeometry {
  int64_t batch = 1;
  int64_t in_h = 1, in_w = 1, in_c = 1;
  int64_t out_h = 1, out_w = 1, out_c = 1;
  int64_t kernel_h = 1, kernel_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0;
};

// [outer, length, inner]: each vector along the middle is treated on its own.
struct AxisGeometry {
  int64_t outer = 1, length = 1, inner = 1;
};

// A recurrent layer over `steps` steps of `batch` sequences: x[steps, batch, inputs] to
// y[steps, batch, hidden], the last step first where it is reversed.
struct RecurrentGeometry {
  int64_t steps = 1, batch = 1, inputs = 1, hidden = 1;
  bool reverse = false;

  // The place in x and y of the step that is taken as number `number`.
  [[nodiscard]] int64_t step(int64_t number) const { return reverse ? steps - 1 - number : number; }
};

inline constexpr int kMaxLoopRank = 16;

// A loop nest over `dims`, outermost first, with an element stride per dimension for each of two
// operands (0 repeats an element: broadcasting). rank >= 1.
struct LoopNest {
  int rank = 1;
  int64_t dims[kMaxLoopRank] = {1};
  int64_t stride_a[kMaxLoopRank] = {0};
  int64_t stride_b[kMaxLoopRank] = {0};
};

// Calls row(index of the row, offset of a, offset of b) for each innermost row of the nest, in
// order; the row itself is dims[rank-1] long.
template <typename Row>
void for_each_row(const LoopNest& nest, const Row& row) {
  int64_t rows = 1;
  for (int i = 0; i + 1 < nest.rank; ++i) rows *= nest.dims[i];
  int64_t position[kMaxLoopRank] = {};
  int64_t a = 0, b = 0;
  for (int64_t index = 0; index < rows; ++index) {
    row(index, a, b);
    for (int i = nest.rank - 2; i >= 0; --i) {
      a += nest.stride_a[i];
      b += nest.stride_b[i];
      if (++position[i] < nest.dims[i]) break;
      a -= nest.stride_a[i] * nest.dims[i];
      b -= nest.stride_b[i] * nest.dims[i];
      position[i] = 0;
    }
  }
}

}  // namespace durward
