// output[r, o] = sum over i of input[r, i] * weights[o, i] + bias[o], in int8 and float.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/requantize.h"

namespace durward {

struct FullyConnectedInt8 {
  int64_t rows = 1, in = 1, out = 1;
  const int8_t* weights = nullptr;             // [out, in], zero point 0
  const int32_t* bias = nullptr;               // [out] or nullptr
  const float* multiplier = nullptr;           // [out], for accumulators >= 0
  const float* multiplier_negative = nullptr;  // [out], for those < 0
  int32_t input_zero_point = 0;
  Int8Output output;
};

[[nodiscard]] size_t fully_connected_int8_scratch_bytes(int64_t in);
// As conv2d_int8: a 1x1 convolution of `rows` pixels.
void fully_connected_int8(const FullyConnectedInt8& fc, const int8_t* input, int8_t* output,
                          std::byte* scratch) noexcept;

struct FullyConnectedFloat {
  int64_t rows = 1, in = 1, out = 1;
  const float* weights = nullptr;
  const float* bias = nullptr;
  FloatOutput output;
};

void fully_connected_float(const FullyConnectedFloat& fc, const float* input,
                           float* output) noexcept;

}  // namespace durward
