// output[r, o] = sum over i of input[r, i] * weights[o, i] + bias[o], in float. In int8 it is a
// convolution of [1, rows] pixels.
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

}  // namespace durward
