// x / sqrt(max(sum of squares, epsilon)) along one axis, in int8 and float.
#pragma once

#include <cstdint>

#include "engine/kernels/geometry.h"
#include "engine/kernels/requantize.h"

namespace durward {

struct L2NormalizeInt8 {
  AxisGeometry geometry;
  int32_t input_zero_point = 0;
  float inverse_output_scale = 128;
  Int8Output output;
};

// With S the exact sum of (input - z)^2: round_to_int8((input - z) * (inverse_output_scale /
// sqrt(S))), root, quotient and product each rounded to float. S = 0 gives the zero point.
void l2_normalize_int8(const L2NormalizeInt8& normalize, const int8_t* input,
                       int8_t* output) noexcept;

// The sum in double.
void l2_normalize_float(const AxisGeometry& geometry, float epsilon, const float* input,
                        float* output) noexcept;

}  // namespace durward
