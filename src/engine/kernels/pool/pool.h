// Max and average pooling, NHWC, in int8 and float.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/geometry.h"
#include "engine/kernels/requantize.h"

namespace durward {

// dilation is 1 and out_c = in_c; every window meets the image.

// Input and output have the same scale and zero point.
void max_pool_int8(const WindowGeometry& window, const int8_t* input, int8_t* output) noexcept;
void max_pool_float(const WindowGeometry& window, const float* input, float* output) noexcept;

struct AveragePoolInt8 {
  WindowGeometry window;
  bool count_padding = false;
  // multiplier[n] = s_in / (s_out * n) for an average of n elements, from n = 1 to the most that a
  // window of this pool can average.
  const float* multiplier = nullptr;
  int32_t input_zero_point = 0;
  Int8Output output;
};

[[nodiscard]] size_t average_pool_scratch_bytes(const WindowGeometry& window);
// output = requantize(sum of (input - input_zero_point)).
void average_pool_int8(const AveragePoolInt8& pool, const int8_t* input, int8_t* output,
                       std::byte* scratch) noexcept;
void average_pool_float(const WindowGeometry& window, bool count_padding, const float* input,
                        float* output, std::byte* scratch) noexcept;

}  // namespace durward
