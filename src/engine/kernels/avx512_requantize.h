// kernels/requantize.h and FusedAdd of kernels/layer_kernel.h for AVX-512: 64 results at a time.
// Only files compiled for AVX-512 include this.
//
// Vectors of 32-bit values come in fours that narrow by in-lane packs: vector v holds, in its
// 128-bit lane l, the channels 16 * l + 4 * v and the 3 after it. Widening by in-lane unpacks gives
// the same order.
#pragma once

#include <immintrin.h>

#include "engine/kernels/layer_kernel.h"

namespace durward {
namespace {

struct Avx512Output {
  __m512 high;         // of the steps
  __m512i zero_point;  // int16
  __m512i lowest_int8, highest_int8;
};

[[maybe_unused]] inline Avx512Output avx512_output(const Int8Output& output) {
  return {.high = _mm512_set1_ps(static_cast<float>(output.highest - output.zero_point)),
          .zero_point = _mm512_set1_epi16(static_cast<int16_t>(output.zero_point)),
          .lowest_int8 = _mm512_set1_epi8(static_cast<int8_t>(output.lowest)),
          .highest_int8 = _mm512_set1_epi8(static_cast<int8_t>(output.highest))};
}

// The steps to the nearest integer. The conversion makes INT32_MIN of what int32 cannot hold: right
// for NaN and for what is too low; what may be too high has to be cut off first.
[[maybe_unused]] inline __m512i avx512_round(__m512 steps) { return _mm512_cvtps_epi32(steps); }

// Of min's operands the second is the result where one is NaN.
[[maybe_unused]] inline __m512i avx512_cut_and_round(__m512 steps, const Avx512Output& output) {
  return avx512_round(_mm512_min_ps(output.high, steps));
}

// 16 accumulators times the multipliers for their signs.
template <bool kPerSign>
[[maybe_unused]] inline __m512 avx512_steps(__m512i accumulators, const float* multiplier,
                                            const float* negative) {
  const __m512 values = _mm512_cvtepi32_ps(accumulators);
  const __m512 steps = _mm512_mul_ps(values, _mm512_loadu_ps(multiplier));
  if constexpr (!kPerSign) return steps;
  return _mm512_mask_mul_ps(steps, _mm512_movepi32_mask(accumulators), values,
                            _mm512_loadu_ps(negative));
}

// Rounded steps to int8 in the order of the channels. Saturation on the way keeps the order of
// values, so that the range can be applied last.
[[maybe_unused]] inline __m512i avx512_narrow(const __m512i (&rounded)[4],
                                              const Avx512Output& output) {
  const __m512i low =
      _mm512_adds_epi16(_mm512_packs_epi32(rounded[0], rounded[1]), output.zero_point);
  const __m512i high =
      _mm512_adds_epi16(_mm512_packs_epi32(rounded[2], rounded[3]), output.zero_point);
  const __m512i bytes = _mm512_packs_epi16(low, high);
  return _mm512_min_epi8(_mm512_max_epi8(bytes, output.lowest_int8), output.highest_int8);
}

struct Avx512Add {
  __m512i zero_point, addend_zero_point;  // int32
  __m512 multiplier, addend_multiplier;
  Avx512Output output;
};

[[maybe_unused]] inline Avx512Add avx512_add(const FusedAdd& add) {
  return {.zero_point = _mm512_set1_epi32(add.zero_point),
          .addend_zero_point = _mm512_set1_epi32(add.addend_zero_point),
          .multiplier = _mm512_set1_ps(add.multiplier),
          .addend_multiplier = _mm512_set1_ps(add.addend_multiplier),
          .output = avx512_output(add.output)};
}

// 64 int8 as int32 in the order above.
[[maybe_unused]] inline void avx512_widen(__m512i bytes, __m512i (&words)[4]) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i low = _mm512_unpacklo_epi8(zero, bytes);
  const __m512i high = _mm512_unpackhi_epi8(zero, bytes);
  words[0] = _mm512_srai_epi32(_mm512_unpacklo_epi16(zero, low), 24);
  words[1] = _mm512_srai_epi32(_mm512_unpackhi_epi16(zero, low), 24);
  words[2] = _mm512_srai_epi32(_mm512_unpacklo_epi16(zero, high), 24);
  words[3] = _mm512_srai_epi32(_mm512_unpackhi_epi16(zero, high), 24);
}

// (values - zero_point) * multiplier
[[maybe_unused]] inline __m512 avx512_scaled(__m512i values, __m512i zero_point,
                                             __m512 multiplier) {
  return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(values, zero_point)), multiplier);
}

[[maybe_unused]] inline __m512i avx512_add_int8(__m512i results, __m512i addends,
                                                const Avx512Add& add) {
  __m512i own[4], other[4];
  avx512_widen(results, own);
  avx512_widen(addends, other);
#pragma GCC unroll 4
  for (int v = 0; v < 4; ++v) {
    const __m512 steps =
        _mm512_add_ps(avx512_scaled(own[v], add.zero_point, add.multiplier),
                      avx512_scaled(other[v], add.addend_zero_point, add.addend_multiplier));
    own[v] = avx512_cut_and_round(steps, add.output);
  }
  return avx512_narrow(own, add.output);
}

}  // namespace
}  // namespace durward
