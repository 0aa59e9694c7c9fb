// Depthwise 2-D convolution, NHWC, in int8 and float.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/geometry.h"
#include "engine/kernels/requantize.h"

namespace durward {

// window.out_c = window.in_c * m; output channel c * m + i filters input channel c.
struct DepthwiseInt8 {
  WindowGeometry window;
  const int8_t* weights = nullptr;             // [kernel_h, kernel_w, out_c], zero point 0
  const int32_t* bias = nullptr;               // [out_c] or nullptr
  const float* multiplier = nullptr;           // [out_c], for accumulators >= 0
  const float* multiplier_negative = nullptr;  // [out_c], for those < 0
  int32_t input_zero_point = 0;
  Int8Output output;
};

[[nodiscard]] size_t depthwise_scratch_bytes(const WindowGeometry& window);
// As conv2d_int8, over one input channel.
void depthwise_int8(const DepthwiseInt8& conv, const int8_t* input, int8_t* output,
                    std::byte* scratch) noexcept;

struct DepthwiseFloat {
  WindowGeometry window;
  const float* weights = nullptr;
  const float* bias = nullptr;
  FloatOutput output;
};

void depthwise_float(const DepthwiseFloat& conv, const float* input, float* output,
                     std::byte* scratch) noexcept;

}  // namespace durward
