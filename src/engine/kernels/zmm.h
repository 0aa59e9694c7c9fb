// Vectors of 512 bits as ymm.h has them, for the files that are compiled for AVX-512.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace durward {
namespace {

struct Zmm {
  using Int = __m512i;
  using Float = __m512;
  static constexpr int64_t kLanes = 16;

  static Int load(const int32_t* from) { return _mm512_load_si512(from); }
  static Float load(const float* from) { return _mm512_load_ps(from); }
  static void store(int32_t* to, Int value) { _mm512_store_si512(to, value); }
  static Int zero() { return _mm512_setzero_si512(); }
  static Int set8(int32_t value) { return _mm512_set1_epi8(static_cast<char>(value)); }
  static Int set32(int32_t value) { return _mm512_set1_epi32(value); }
  static Float set(float value) { return _mm512_set1_ps(value); }

  static Float to_float(Int value) { return _mm512_cvtepi32_ps(value); }
  static Int to_int(Float value) { return _mm512_cvtps_epi32(value); }
  static Float add(Float a, Float b) { return _mm512_add_ps(a, b); }
  static Float sub(Float a, Float b) { return _mm512_sub_ps(a, b); }
  static Float mul(Float a, Float b) { return _mm512_mul_ps(a, b); }
  // Both give b where one is NaN.
  static Float min(Float a, Float b) { return _mm512_min_ps(a, b); }
  static Float max(Float a, Float b) { return _mm512_max_ps(a, b); }
  // exact * (sum < 0 ? negative : positive). Comparison and choice leave port 0 to the floats: it
  // is the only one that they have while tiles are multiplied.
  static Float mul_by_sign(Int sum, Float exact, Float positive, Float negative) {
    const __mmask16 below = _mm512_cmplt_epi32_mask(sum, zero());
    return mul(exact, _mm512_mask_blend_ps(below, positive, negative));
  }

  // Narrowing with saturation, within lanes of 128 bits.
  static Int narrow32(Int a, Int b) { return _mm512_packs_epi32(a, b); }
  static Int narrow16(Int a, Int b) { return _mm512_packs_epi16(a, b); }
  static Int add32(Int a, Int b) { return _mm512_add_epi32(a, b); }
  static Int sub32(Int a, Int b) { return _mm512_sub_epi32(a, b); }
  static Int xor8(Int a, Int b) { return _mm512_xor_si512(a, b); }
  static Int max8(Int a, Int b) { return _mm512_max_epi8(a, b); }
  static Int sub8(Int a, Int b) { return _mm512_sub_epi8(a, b); }
  // Within lanes of 128 bits, a byte of `bytes` for each of `control`, or 0.
  static Int shuffle8(Int bytes, __m128i control) {
    return _mm512_shuffle_epi8(bytes, _mm512_broadcast_i32x4(control));
  }
  static Int permute32(Int value, const int32_t* order) {
    return _mm512_permutexvar_epi32(load(order), value);
  }

  // The first `count` (1 to 64) bytes.
  static Int load_bytes(const int8_t* from, int64_t count) {
    if (count == 64) return _mm512_loadu_si512(from);
    return _mm512_maskz_loadu_epi8(first_bytes(count), from);
  }
  static void store_bytes(int8_t* to, Int value, int64_t count) {
    if (count == 64) return _mm512_storeu_si512(to, value);  // twice as fast as a masked store
    _mm512_mask_storeu_epi8(to, first_bytes(count), value);
  }

 private:
  static __mmask64 first_bytes(int64_t count) { return ~0ull >> (64 - count); }
};

}  // namespace
}  // namespace durward
