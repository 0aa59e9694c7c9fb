// output[r, o] = sum over i of input[r, i] * weights[o, i] + bias[o], in float and in int16 with
// weights of 8 bits. In int8 it is a convolution of [1, rows] pixels.
#pragma once

#include <cstdint>

#include "engine/kernels/requantize.h"

namespace durward {

struct FullyConnectedFloat {
  int64_t rows = 1, in = 1, out = 1;
  const float* weights = nullptr;
  const float* bias = nullptr;
  FloatOutput output;
};

void fully_connected_float(const FullyConnectedFloat& fc, const float* input,
                           float* output) noexcept;

// Both sides have zero point 0. The sum is an int32, which the caller guarantees that it never
// leaves; times the output's multiplier, clamped and rounded as round_to_int8 does it.
struct FullyConnectedInt16 {
  int64_t rows = 1, in = 1, out = 1;
  int32_t lowest = -32768, highest = 32767;
  const int8_t* weights = nullptr;    // [out, in]
  const int32_t* bias = nullptr;      // [out], in units of s_in * s_w[o]
  const float* multiplier = nullptr;  // [out], s_in * s_w[o] / s_out
};

void fully_connected_int16(const FullyConnectedInt16& fc, const int16_t* input,
                           int16_t* output) noexcept;

}  // namespace durward
