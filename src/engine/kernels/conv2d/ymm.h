// Vectors of 256 bits for finish.h and product.h. For the files that are compiled for AVX2 and what
// includes it.
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
  static Int sub8(Int a, Int b) { return _mm256_sub_epi8(a, b); }
  static Int xor8(Int a, Int b) { return _mm256_xor_si256(a, b); }
  static Int max8(Int a, Int b) { return _mm256_max_epi8(a, b); }
  // Within lanes of 128 bits, a byte of `bytes` for each of `control`, or 0.
  static Int shuffle8(Int bytes, __m128i control) {
    return _mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(control));
  }
  static Int permute32(Int value, const int32_t* order) {
    return _mm256_permutevar8x32_epi32(value, load(order));
  }

  // Up to 32 bytes.
  static Int load_bytes(const int8_t* from, int64_t count) {
    if (count == 32) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    alignas(32) int32_t bytes[kLanes] = {};
    __builtin_memcpy(bytes, from, static_cast<size_t>(count));
    return load(bytes);
  }
  static void store_bytes(int8_t* to, Int value, int64_t count) {
    if (count == 32) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
    alignas(32) int32_t bytes[kLanes];
    store(bytes, value);
    __builtin_memcpy(to, bytes, static_cast<size_t>(count));
  }
};

// Copies `count` values in pieces of Wide::kCount where there are as many, else of Narrow::kCount,
// the last one moved back to end where the values do; fewer go one by one.
template <typename Wide, typename Narrow, typename Value>
inline void copy_in_pieces(Value* to, const int8_t* from, int64_t count) {
  const auto copy = [&]<typename Piece>(Piece) {
    for (int64_t i = 0; i + Piece::kCount <= count; i += Piece::kCount) {
      Piece::copy(to + i, from + i);
    }
    const int64_t last = count - Piece::kCount;
    Piece::copy(to + last, from + last);
  };
  if (count >= Wide::kCount) return copy(Wide{});
  if (count >= Narrow::kCount) return copy(Narrow{});
  for (int64_t i = 0; i < count; ++i) to[i] = Narrow::value(from[i]);
}

}  // namespace
}  // namespace durward
