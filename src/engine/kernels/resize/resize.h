// Bilinear resizing, NHWC, in int8 and float. Nearest-neighbour resizing is a gather.
#pragma once

#include <cstdint>

#include "engine/kernels/requantize.h"

namespace durward {

// One output coordinate lies between source coordinates low and high, `fraction` of the way. Plans
// store it: 12 bytes without padding.
struct ResizeTap {
  int32_t low = 0, high = 0;
  float fraction = 0;
};
static_assert(sizeof(ResizeTap) == 12);

struct ResizeGeometry {
  int64_t batch = 1, in_h = 1, in_w = 1, out_h = 1, out_w = 1, channels = 1;
  const ResizeTap* rows = nullptr;     // [out_h]
  const ResizeTap* columns = nullptr;  // [out_w]
};

// top = a + (b - a) * fx, bottom alike, result = top + (bottom - top) * fy, every step in float.
void resize_linear_float(const ResizeGeometry& geometry, const float* input,
                         float* output) noexcept;

// The same on (input - input_zero_point), then round_to_int8(result * multiplier), s_in / s_out.
void resize_linear_int8(const ResizeGeometry& geometry, int32_t input_zero_point, float multiplier,
                        const Int8Output& range, const int8_t* input, int8_t* output) noexcept;

// Every element of an output pixel is copied from pixel (rows[y].low, columns[x].low).
void resize_nearest(const ResizeGeometry& geometry, int64_t element_bytes, const void* input,
                    void* output) noexcept;

}  // namespace durward
