// Inner products for the reference kernels: plain loops in the form that compilers vectorise.
#pragma once

#include <cstdint>

namespace durward {

// Pixels (or rows) that are computed together, to use each loaded weight several times.
inline constexpr int64_t kDotRows = 4;

// The length of a reduction padded with zeros to whole vectors.
[[nodiscard]] inline int64_t padded_depth(int64_t depth) { return (depth + 15) / 16 * 16; }

// sums[r] += sum over k of weights[k] * rows[r * depth + k]. With |weights| <= 128 and
// |rows| <= 255 a sum of up to 65,000 products fits.
inline void dot_int16(const int16_t* weights, const int16_t* rows, int64_t depth,
                      int32_t sums[kDotRows]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  const int16_t* r0 = rows;
  const int16_t* r1 = r0 + depth;
  const int16_t* r2 = r1 + depth;
  const int16_t* r3 = r2 + depth;
  for (int64_t k = 0; k < depth; ++k) {
    s0 += int32_t{weights[k]} * r0[k];
    s1 += int32_t{weights[k]} * r1[k];
    s2 += int32_t{weights[k]} * r2[k];
    s3 += int32_t{weights[k]} * r3[k];
  }
  sums[0] += s0;
  sums[1] += s1;
  sums[2] += s2;
  sums[3] += s3;
}

// sums[r * width + o] += sum over k of rows[r * depth + k] * weights[k * width + o], k ascending:
// one fixed order of float additions.
inline void accumulate_float(const float* weights, const float* rows, int64_t depth, int64_t width,
                             float* __restrict sums) {
  float* __restrict s0 = sums;
  float* __restrict s1 = s0 + width;
  float* __restrict s2 = s1 + width;
  float* __restrict s3 = s2 + width;
  for (int64_t k = 0; k < depth; ++k) {
    const float* w = weights + k * width;
    const float x0 = rows[k], x1 = rows[depth + k], x2 = rows[2 * depth + k],
                x3 = rows[3 * depth + k];
    for (int64_t o = 0; o < width; ++o) {
      s0[o] += x0 * w[o];
      s1[o] += x1 * w[o];
      s2[o] += x2 * w[o];
      s3[o] += x3 * w[o];
    }
  }
}

}  // namespace durward
