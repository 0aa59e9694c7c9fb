// Vectors of 8 floats, for the files that are compiled for AVX2. floats_avx512.h and floats_neon.h
// have the same functions, so that the kernels are templates over them.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace durward {
namespace {

struct FloatsAvx2 {
  using Value = __m256;
  static constexpr int64_t kLanes = 8;
  // Registers for the sums of a convolution: 12, and the rest for weights, an input, a product.
  static constexpr int kTileVectors = 2;

  static Value load(const float* from) { return _mm256_loadu_ps(from); }
  // The first `count` (1 to kLanes), zeros behind.
  static Value load_first(const float* from, int64_t count) {
    return _mm256_maskload_ps(from, first(count));
  }
  static void store(float* to, Value value) { _mm256_storeu_ps(to, value); }
  static void store_first(float* to, Value value, int64_t count) {
    _mm256_maskstore_ps(to, first(count), value);
  }

  static Value set(float value) { return _mm256_set1_ps(value); }
  static Value add(Value a, Value b) { return _mm256_add_ps(a, b); }
  static Value sub(Value a, Value b) { return _mm256_sub_ps(a, b); }
  static Value mul(Value a, Value b) { return _mm256_mul_ps(a, b); }
  static Value div(Value a, Value b) { return _mm256_div_ps(a, b); }
  // a > b ? a : b and a < b ? a : b, so b where one is NaN or both are zeros.
  static Value max(Value a, Value b) { return _mm256_max_ps(a, b); }
  static Value min(Value a, Value b) { return _mm256_min_ps(a, b); }
  // 2^n for n in -126..127, of n + 1.5 * 2^23.
  static Value power_of_two(Value shifted) {
    const __m256i exponent = _mm256_add_epi32(_mm256_castps_si256(shifted), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
  }
  // test < 0 ? a : b
  static Value if_negative(Value test, Value a, Value b) {
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(test, _mm256_setzero_ps(), _CMP_LT_OQ));
  }

  // int8 values as integers, and the differences from `zero` as floats.
  using Words = __m256i;
  static Words set_words(int32_t value) { return _mm256_set1_epi32(value); }
  static Words load_words(const int8_t* from) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  }
  static Words load_words_first(const int8_t* from, int64_t count) {
    __m128i bytes = _mm_setzero_si128();
    __builtin_memcpy(&bytes, from, static_cast<size_t>(count));
    return _mm256_cvtepi8_epi32(bytes);
  }
  static Value difference(Words value, Words zero) {
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(value, zero));
  }
  // sums[i] += value - zero for kLanes integers.
  static void accumulate(int32_t* sums, Words value, Words zero) {
    auto* to = reinterpret_cast<__m256i*>(sums);
    _mm256_storeu_si256(to,
                        _mm256_add_epi32(_mm256_loadu_si256(to), _mm256_sub_epi32(value, zero)));
  }
  static Value load_sums(const int32_t* from) {
    return _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }

  // Rounds to nearest even, adds the zero point and stores what fits int8.
  static void store_int8(int8_t* to, Value steps, int32_t zero_point) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), to_int8(steps, zero_point));
  }
  static void store_int8_first(int8_t* to, Value steps, int32_t zero_point, int64_t count) {
    const __m128i bytes = to_int8(steps, zero_point);
    __builtin_memcpy(to, &bytes, static_cast<size_t>(count));
  }

 private:
  static __m128i to_int8(Value steps, int32_t zero_point) {
    const __m256i words =
        _mm256_add_epi32(_mm256_cvtps_epi32(steps), _mm256_set1_epi32(zero_point));
    const __m128i pairs =
        _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    return _mm_packs_epi16(pairs, pairs);
  }
  static __m256i first(int64_t count) {
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(count)), lanes);
  }
};

}  // namespace
}  // namespace durward
