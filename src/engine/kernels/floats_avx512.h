// Vectors of 16 floats as floats_avx2.h has them, for the files that are compiled for AVX-512.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace durward {
namespace {

struct FloatsAvx512 {
  using Value = __m512;
  static constexpr int64_t kLanes = 16;
  static constexpr int kTileVectors = 4;  // 24 registers of sums

  static Value load(const float* from) { return _mm512_loadu_ps(from); }
  static Value load_first(const float* from, int64_t count) {
    return _mm512_maskz_loadu_ps(first(count), from);
  }
  static void store(float* to, Value value) { _mm512_storeu_ps(to, value); }
  static void store_first(float* to, Value value, int64_t count) {
    _mm512_mask_storeu_ps(to, first(count), value);
  }

  static Value set(float value) { return _mm512_set1_ps(value); }
  static Value add(Value a, Value b) { return _mm512_add_ps(a, b); }
  static Value sub(Value a, Value b) { return _mm512_sub_ps(a, b); }
  static Value mul(Value a, Value b) { return _mm512_mul_ps(a, b); }
  static Value div(Value a, Value b) { return _mm512_div_ps(a, b); }
  static Value max(Value a, Value b) { return _mm512_max_ps(a, b); }
  static Value min(Value a, Value b) { return _mm512_min_ps(a, b); }
  static Value power_of_two(Value shifted) {
    const __m512i exponent = _mm512_add_epi32(_mm512_castps_si512(shifted), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
  }
  static Value if_negative(Value test, Value a, Value b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(test, _mm512_setzero_ps(), _CMP_LT_OQ), b, a);
  }

  using Words = __m512i;
  static Words set_words(int32_t value) { return _mm512_set1_epi32(value); }
  static Words load_words(const int8_t* from) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static Words load_words_first(const int8_t* from, int64_t count) {
    return _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(first(count), from));
  }
  static Value difference(Words value, Words zero) {
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(value, zero));
  }
  static void accumulate(int32_t* sums, Words value, Words zero) {
    _mm512_storeu_si512(sums,
                        _mm512_add_epi32(_mm512_loadu_si512(sums), _mm512_sub_epi32(value, zero)));
  }
  static Value load_sums(const int32_t* from) {
    return _mm512_cvtepi32_ps(_mm512_loadu_si512(from));
  }

  static void store_int8(int8_t* to, Value steps, int32_t zero_point) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm512_cvtepi32_epi8(to_integers(steps, zero_point)));
  }
  static void store_int8_first(int8_t* to, Value steps, int32_t zero_point, int64_t count) {
    _mm512_mask_cvtepi32_storeu_epi8(to, first(count), to_integers(steps, zero_point));
  }

 private:
  static __m512i to_integers(Value steps, int32_t zero_point) {
    return _mm512_add_epi32(_mm512_cvtps_epi32(steps), _mm512_set1_epi32(zero_point));
  }
  static __mmask16 first(int64_t count) { return static_cast<__mmask16>((1u << count) - 1); }
};

}  // namespace
}  // namespace durward
