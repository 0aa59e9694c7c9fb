// Softmax along one axis, in int8 and float.
#pragma once

#include <cstdint>

#include "engine/kernels/geometry.h"
#include "engine/kernels/requantize.h"

namespace durward {

// table[d] = round(2^24 * exp(-s_in * d)) for d = 0..255 steps below the largest input.
struct SoftmaxInt8 {
  AxisGeometry geometry;
  const int32_t* table = nullptr;
  float inverse_output_scale = 256;
  Int8Output output;
};

// With S the exact sum of the table's entries: round_to_int8(entry * (inverse_output_scale / S)),
// quotient and product each rounded to float.
void softmax_int8(const SoftmaxInt8& softmax, const int8_t* input, int8_t* output) noexcept;

// exp(x - max) / sum, the sum in double.
void softmax_float(const AxisGeometry& geometry, const float* input, float* output) noexcept;

}  // namespace durward
