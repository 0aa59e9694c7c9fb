// How TFLite's SAME and VALID place a window along one dimension.
#pragma once

#include <algorithm>
#include <cstdint>

namespace durward {

struct WindowPadding {
  int64_t before = 0, after = 0;
};

// The extent of a dilated kernel. `kernel` and `dilation` are at least 1 and at most 2^31 - 1.
[[nodiscard]] constexpr int64_t window_extent(int64_t kernel, int64_t dilation) {
  return (kernel - 1) * dilation + 1;
}

// SAME: ceil(size / stride) outputs; an odd remainder of the padding goes behind. Arguments are
// positive; `extent` and `stride` are below 2^62 and `size` below 2^31.
[[nodiscard]] constexpr WindowPadding same_padding(int64_t size, int64_t extent, int64_t stride) {
  const int64_t outputs = (size - 1) / stride + 1;
  const int64_t covered = (outputs - 1) * stride;  // at most size - 1
  const int64_t total = std::max<int64_t>(extent - (size - covered), 0);
  return {total / 2, total - total / 2};
}

}  // namespace durward
