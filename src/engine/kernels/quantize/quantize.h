// Between float and integers.
#pragma once

#include <cstdint>

#include "engine/kernels/requantize.h"

namespace durward {

// round_to_int8(input / scale): a true division, as ONNX defines it.
void quantize_int8(float scale, const Int8Output& range, int64_t count, const float* input,
                   int8_t* output) noexcept;

// input / scale, a true division, to the nearest integer, ties to even, with zero point 0 and one
// scale per index of the middle of [outer, channels, inner]. Clamped to -32768..32767 or, in 32
// bits, to what has a high half of 16 bits above a low one with sign: -2^31..2^31 - 2^15 - 1. NaN
// gives the lowest.
struct SymmetricQuantization {
  int64_t outer = 1, channels = 1, inner = 1;
  const float* scales = nullptr;  // [channels]
};
void quantize_symmetric(const SymmetricQuantization& geometry, const float* input,
                        int16_t* output) noexcept;
void quantize_symmetric(const SymmetricQuantization& geometry, const float* input,
                        int32_t* output) noexcept;

// (input - zero_point) * scale, the difference exact, the product rounded to float; one scale and
// zero point, or one per index of the middle of [outer, channels, inner].
struct Dequantization {
  int64_t outer = 1, channels = 1, inner = 1;
  const float* scales = nullptr;         // [channels]
  const int32_t* zero_points = nullptr;  // [channels]
};

template <typename T>  // int8_t, uint8_t, int16_t or int32_t
void dequantize(const Dequantization& geometry, const T* input, float* output) noexcept {
  for (int64_t o = 0; o < geometry.outer; ++o) {
    for (int64_t c = 0; c < geometry.channels; ++c) {
      for (int64_t i = 0; i < geometry.inner; ++i) {
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a verified call has them.
        const int64_t difference = int64_t{*input++} - geometry.zero_points[c];
        *output++ = static_cast<float>(difference) * geometry.scales[c];
      }
    }
  }
}

}  // namespace durward
