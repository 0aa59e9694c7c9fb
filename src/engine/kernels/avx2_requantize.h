// kernels/requantize.h and FusedAdd of kernels/layer_kernel.h for AVX2: 32 results at a time. Only
// files compiled for AVX2 or more include this.
//
// Vectors of 32-bit values come in fours that narrow by in-lane packs: vector v holds, in its
// 128-bit lane l, the channels 16 * l + 4 * v and the 3 after it. Widening by in-lane unpacks gives
// the same order.
#pragma once

#include <immintrin.h>

#include "engine/kernels/layer_kernel.h"

namespace durward {
namespace {

struct Avx2Output {
  __m256 high;         // of the steps
  __m256i zero_point;  // int16
  __m256i lowest_int8, highest_int8;
};

[[maybe_unused]] inline Avx2Output avx2_output(const Int8Output& output) {
  return {.high = _mm256_set1_ps(static_cast<float>(output.highest - output.zero_point)),
          .zero_point = _mm256_set1_epi16(static_cast<int16_t>(output.zero_point)),
          .lowest_int8 = _mm256_set1_epi8(static_cast<int8_t>(output.lowest)),
          .highest_int8 = _mm256_set1_epi8(static_cast<int8_t>(output.highest))};
}

// The steps to the nearest integer. The conversion makes INT32_MIN of what int32 cannot hold: right
// for NaN and for what is too low; what may be too high has to be cut off first.
[[maybe_unused]] inline __m256i avx2_round(__m256 steps) { return _mm256_cvtps_epi32(steps); }

// Of min's operands the second is the result where one is NaN.
[[maybe_unused]] inline __m256i avx2_cut_and_round(__m256 steps, const Avx2Output& output) {
  return avx2_round(_mm256_min_ps(output.high, steps));
}

// 8 accumulators times the multipliers for their signs.
template <bool kPerSign>
[[maybe_unused]] inline __m256 avx2_steps(__m256i accumulators, const float* multiplier,
                                          const float* negative) {
  __m256 factors = _mm256_loadu_ps(multiplier);
  if constexpr (kPerSign) {
    factors =
        _mm256_blendv_ps(factors, _mm256_loadu_ps(negative), _mm256_castsi256_ps(accumulators));
  }
  return _mm256_mul_ps(_mm256_cvtepi32_ps(accumulators), factors);
}

// Rounded steps to int8 in the order of the channels. Saturation on the way keeps the order of
// values, so that the range can be applied last.
[[maybe_unused]] inline __m256i avx2_narrow(const __m256i (&rounded)[4], const Avx2Output& output) {
  const __m256i low =
      _mm256_adds_epi16(_mm256_packs_epi32(rounded[0], rounded[1]), output.zero_point);
  const __m256i high =
      _mm256_adds_epi16(_mm256_packs_epi32(rounded[2], rounded[3]), output.zero_point);
  const __m256i bytes = _mm256_packs_epi16(low, high);
  return _mm256_min_epi8(_mm256_max_epi8(bytes, output.lowest_int8), output.highest_int8);
}

struct Avx2Add {
  __m256i zero_point, addend_zero_point;  // int32
  __m256 multiplier, addend_multiplier;
  Avx2Output output;
};

[[maybe_unused]] inline Avx2Add avx2_add(const FusedAdd& add) {
  return {.zero_point = _mm256_set1_epi32(add.zero_point),
          .addend_zero_point = _mm256_set1_epi32(add.addend_zero_point),
          .multiplier = _mm256_set1_ps(add.multiplier),
          .addend_multiplier = _mm256_set1_ps(add.addend_multiplier),
          .output = avx2_output(add.output)};
}

// 32 int8 as int32 in the order above.
[[maybe_unused]] inline void avx2_widen(__m256i bytes, __m256i (&words)[4]) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i low = _mm256_unpacklo_epi8(zero, bytes);
  const __m256i high = _mm256_unpackhi_epi8(zero, bytes);
  words[0] = _mm256_srai_epi32(_mm256_unpacklo_epi16(zero, low), 24);
  words[1] = _mm256_srai_epi32(_mm256_unpackhi_epi16(zero, low), 24);
  words[2] = _mm256_srai_epi32(_mm256_unpacklo_epi16(zero, high), 24);
  words[3] = _mm256_srai_epi32(_mm256_unpackhi_epi16(zero, high), 24);
}

// (values - zero_point) * multiplier
[[maybe_unused]] inline __m256 avx2_scaled(__m256i values, __m256i zero_point, __m256 multiplier) {
  return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(values, zero_point)), multiplier);
}

[[maybe_unused]] inline __m256i avx2_add_int8(__m256i results, __m256i addends,
                                              const Avx2Add& add) {
  __m256i own[4], other[4];
  avx2_widen(results, own);
  avx2_widen(addends, other);
#pragma GCC unroll 4
  for (int v = 0; v < 4; ++v) {
    const __m256 steps =
        _mm256_add_ps(avx2_scaled(own[v], add.zero_point, add.multiplier),
                      avx2_scaled(other[v], add.addend_zero_point, add.addend_multiplier));
    own[v] = avx2_cut_and_round(steps, add.output);
  }
  return avx2_narrow(own, add.output);
}

}  // namespace
}  // namespace durward
