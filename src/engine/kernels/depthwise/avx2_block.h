// What column_strips.h asks of vectors, as far as AVX2 and AVX-VNNI do it alike: blocks of 32
// channels. Only files compiled for one of them include this.
#pragma once

#include "engine/kernels/avx2_requantize.h"
#include "engine/kernels/depthwise/column_strips.h"

namespace durward {
namespace {

struct Avx2Block {
  static constexpr int kVectors = 4, kLanes = 8, kChannels = kVectors * kLanes;
  using Bytes = __m256i;
  using Accumulator = __m256i;
  using Output = Avx2Output;
  using Add = Avx2Add;

  static Bytes fill(int8_t value) { return _mm256_set1_epi8(value); }

  // All ones in the first count / 4 lanes of 32 bits.
  static __m256i whole_lanes(int count) {
    const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count / 4), numbers);
  }

  static Bytes load(const int8_t* from, int count) {
    if (count == kChannels) return loadu(from);
    alignas(32) int8_t bytes[kChannels];
    const __m256i lanes =
        _mm256_maskload_epi32(reinterpret_cast<const int*>(from), whole_lanes(count));
    if (count % 4 == 0) return lanes;
    _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), lanes);
    for (int i = count / 4 * 4; i < count; ++i) bytes[i] = from[i];
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes));
  }

  static void store(int8_t* to, Bytes values, int count) {
    if (count == kChannels) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), values);
      return;
    }
    _mm256_maskstore_epi32(reinterpret_cast<int*>(to), whole_lanes(count), values);
    if (count % 4 == 0) return;
    alignas(32) int8_t bytes[kChannels];
    _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), values);
    for (int i = count / 4 * 4; i < count; ++i) to[i] = bytes[i];
  }

  static Accumulator load_int32(const int32_t* from) { return aligned(from); }

  static Output output(const Int8Output& range) { return avx2_output(range); }
  static Add fused_add(const FusedAdd& add) { return avx2_add(add); }
  template <bool kPerSign>
  static Bytes requantize(const Accumulator (&sums)[kVectors], const float* multiplier,
                          const float* negative, const Output& range) {
    __m256i rounded[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      rounded[v] =
          avx2_round(avx2_steps<kPerSign>(sums[v], multiplier + v * kLanes, negative + v * kLanes));
    }
    return avx2_narrow(rounded, range);
  }
  static Bytes add(Bytes results, Bytes addends, const Add& parameters) {
    return avx2_add_int8(results, addends, parameters);
  }

 protected:
  static __m256i loadu(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }
  static __m256i aligned(const void* from) {
    return _mm256_load_si256(static_cast<const __m256i*>(from));
  }
  // Stops GCC from summing products as a tree and from other orders for which 16 registers are too
  // few.
  static __m256i keep(__m256i sums) {
    __asm__("" : "+x"(sums));
    return sums;
  }
  static void put(std::byte* to, int vector, __m256i values) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to) + vector, values);
  }
};

}  // namespace
}  // namespace durward
