// Vectors of 256 bits, for the files that are compiled for AVX2 or for what includes it. zmm.h has
// the same functions, so that what is made of them is a template.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace durward {
namespace {

struct Ymm {
  using Int = __m256i;
  using Float = __m256;
  static constexpr int64_t kLanes = 8;

  static Int load(const int32_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  static Float load(const float* from) { return _mm256_load_ps(from); }
  static void store(int32_t* to, Int value) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), value);
  }
  static Int zero() { return _mm256_setzero_si256(); }
  static Int set8(int32_t value) { return _mm256_set1_epi8(static_cast<char>(value)); }
  static Int set32(int32_t value) { return _mm256_set1_epi32(value); }
  static Float set(float value) { return _mm256_set1_ps(value); }

  static Float to_float(Int value) { return _mm256_cvtepi32_ps(value); }
  static Int to_int(Float value) { return _mm256_cvtps_epi32(value); }
  static Float add(Float a, Float b) { return _mm256_add_ps(a, b); }
  static Float sub(Float a, Float b) { return _mm256_sub_ps(a, b); }
  static Float mul(Float a, Float b) { return _mm256_mul_ps(a, b); }
  // Both give b where one is NaN.
  static Float min(Float a, Float b) { return _mm256_min_ps(a, b); }
  static Float max(Float a, Float b) { return _mm256_max_ps(a, b); }
  // exact * (sum < 0 ? negative : positive)
  static Float mul_by_sign(Int sum, Float exact, Float positive, Float negative) {
    return mul(exact, _mm256_blendv_ps(positive, negative, _mm256_castsi256_ps(sum)));
  }

  // Narrowing with saturation, within lanes of 128 bits.
  static Int narrow32(Int a, Int b) { return _mm256_packs_epi32(a, b); }
  static Int narrow16(Int a, Int b) { return _mm256_packs_epi16(a, b); }
  static Int add32(Int a, Int b) { return _mm256_add_epi32(a, b); }
  static Int sub32(Int a, Int b) { return _mm256_sub_epi32(a, b); }
  static Int xor8(Int a, Int b) { return _mm256_xor_si256(a, b); }
  static Int max8(Int a, Int b) { return _mm256_max_epi8(a, b); }
  static Int sub8(Int a, Int b) { return _mm256_sub_epi8(a, b); }
  // Within lanes of 128 bits, a byte of `bytes` for each of `control`, or 0.
  static Int shuffle8(Int bytes, __m128i control) {
    return _mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(control));
  }
  static Int permute32(Int value, const int32_t* order) {
    return _mm256_permutevar8x32_epi32(value, load(order));
  }

  // The first `count` (1 to 32) bytes; what lies behind them is undefined.
  static Int load_bytes(const int8_t* from, int64_t count) {
    if (count == 32) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return load_some(from, count);
  }
  static void store_bytes(int8_t* to, Int value, int64_t count) {
    if (count == 32) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
    store_some(to, value, count);
  }

 private:
  // All ones in the 32-bit lanes that `count` bytes fill.
  static Int words_of(int64_t count) {
    const Int numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(count / 4)), numbers);
  }
  // Not inlined: seldom needed, and many times as long as what is common.
  [[gnu::noinline]] static Int load_some(const int8_t* from, int64_t count) {
    const Int words = _mm256_maskload_epi32(reinterpret_cast<const int*>(from), words_of(count));
    if (count % 4 == 0) return words;
    alignas(32) int8_t bytes[32];
    _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), words);
    for (int64_t i = count / 4 * 4; i < count; ++i) bytes[i] = from[i];
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes));
  }
  [[gnu::noinline]] static void store_some(int8_t* to, Int value, int64_t count) {
    _mm256_maskstore_epi32(reinterpret_cast<int*>(to), words_of(count), value);
    if (count % 4 == 0) return;
    alignas(32) int8_t bytes[32];
    _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), value);
    for (int64_t i = count / 4 * 4; i < count; ++i) to[i] = bytes[i];
  }
};

}  // namespace
}  // namespace durward
