// 2-D convolution with groups, strides, dilation and padding, NHWC, in int8 and float.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/geometry.h"
#include "engine/kernels/requantize.h"

namespace durward {

// in_c and out_c are multiples of groups. Padding reads as real zero. Where `window` has
// out_h * stride and the like beyond the image, the same holds.
struct Conv2DGeometry {
  WindowGeometry window;
  int64_t groups = 1;

  // Products summed for one output.
  [[nodiscard]] int64_t depth() const {
    return window.kernel_h * window.kernel_w * (window.in_c / groups);
  }
};

struct Conv2DInt8 {
  Conv2DGeometry geometry;
  const int8_t* weights = nullptr;    // [out_c, kernel_h, kernel_w, in_c / groups], zero point 0
  const int32_t* bias = nullptr;      // [out_c], in units of s_in * s_w[c]; nullptr: zeros
  const float* multiplier = nullptr;  // [out_c], for accumulators >= 0
  const float* multiplier_negative = nullptr;  // [out_c], for those < 0; `multiplier`, or times the
                                               // slope of a fused PReLU
  int32_t input_zero_point = 0;
  Int8Output output;
};

// Bytes of scratch memory, aligned for int32.
[[nodiscard]] size_t conv2d_int8_scratch_bytes(const Conv2DGeometry& geometry);
// acc[c] = bias[c] + sum of (input - input_zero_point) * weight; output = requantize(acc[c]).
// The caller guarantees that no sum leaves int32.
void conv2d_int8(const Conv2DInt8& conv, const int8_t* input, int8_t* output,
                 std::byte* scratch) noexcept;

struct Conv2DFloat {
  Conv2DGeometry geometry;
  const float* weights = nullptr;  // as above
  const float* bias = nullptr;     // [out_c] or nullptr
  FloatOutput output;
};

[[nodiscard]] size_t conv2d_float_scratch_bytes(const Conv2DGeometry& geometry);
void conv2d_float(const Conv2DFloat& conv, const float* input, float* output,
                  std::byte* scratch) noexcept;

}  // namespace durward
