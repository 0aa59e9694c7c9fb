// The documented integer arithmetic written once more, in the plainest way: rounding by the C
// library, clamping last, sums in 64 bits. The kernels are held against this.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "engine/kernels/geometry.h"
#include "engine/kernels/requantize.h"

namespace durward {

inline int8_t plain_round(float steps, const Int8Output& output) {
  const double rounded = std::nearbyint(static_cast<double>(steps));
  const double clamped =
      std::clamp(rounded + output.zero_point, double(output.lowest), double(output.highest));
  return static_cast<int8_t>(clamped);
}

inline int8_t plain_requantize(int64_t accumulator, float multiplier, const Int8Output& output) {
  const auto rounded = static_cast<float>(accumulator);
  return plain_round(rounded * multiplier, output);
}

inline std::vector<int8_t> random_int8(Random& random, int64_t count, int low = -128,
                                       int high = 127) {
  std::vector<int8_t> values(static_cast<size_t>(count));
  for (int8_t& value : values) {
    value = static_cast<int8_t>(low + static_cast<int>(random.below(uint64_t(high - low + 1))));
  }
  return values;
}

inline std::vector<float> random_floats(Random& random, int64_t count, float low, float high) {
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    value = low + static_cast<float>(random.uniform()) * (high - low);
  }
  return values;
}

inline int64_t pick(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low + 1)));
}

// A window over a small image, with any stride, dilation and padding that leaves an output.
inline WindowGeometry random_window(Random& random, bool dilated) {
  WindowGeometry w;
  w.batch = pick(random, 1, 2);
  w.in_h = pick(random, 1, 9);
  w.in_w = pick(random, 1, 9);
  w.kernel_h = pick(random, 1, std::min<int64_t>(4, w.in_h));
  w.kernel_w = pick(random, 1, std::min<int64_t>(4, w.in_w));
  w.stride_h = pick(random, 1, 3);
  w.stride_w = pick(random, 1, 3);
  w.dilation_h = dilated ? pick(random, 1, 2) : 1;
  w.dilation_w = dilated ? pick(random, 1, 2) : 1;
  w.pad_top = pick(random, 0, w.kernel_h - 1);
  w.pad_left = pick(random, 0, w.kernel_w - 1);
  const auto out = [&random](int64_t in, int64_t kernel, int64_t dilation, int64_t stride,
                             int64_t before) {
    const int64_t after = pick(random, 0, kernel - 1);
    const int64_t reach = (kernel - 1) * dilation + 1;
    return std::max<int64_t>(1, (in + before + after - reach) / stride + 1);
  };
  w.out_h = out(w.in_h, w.kernel_h, w.dilation_h, w.stride_h, w.pad_top);
  w.out_w = out(w.in_w, w.kernel_w, w.dilation_w, w.stride_w, w.pad_left);
  return w;
}

}  // namespace durward
