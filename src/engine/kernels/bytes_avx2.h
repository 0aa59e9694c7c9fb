// Vectors of 32 int8, for the files that are compiled for AVX2. bytes_avx512.h and bytes_neon.h
// have the same functions, so that the kernels are templates over them.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace durward {
namespace {

struct BytesAvx2 {
  using Value = __m256i;
  static constexpr int64_t kLanes = 32;

  static Value load(const int8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  // The first `count` (0 to kLanes), zeros behind.
  static Value load_first(const int8_t* from, int64_t count) {
    Value value = _mm256_setzero_si256();
    __builtin_memcpy(&value, from, static_cast<size_t>(count));
    return value;
  }
  static void store(int8_t* to, Value value) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
  }
  static void store_first(int8_t* to, Value value, int64_t count) {
    __builtin_memcpy(to, &value, static_cast<size_t>(count));
  }
  static Value max(Value a, Value b) { return _mm256_max_epi8(a, b); }

  // table[value + 128] for each value.
  class Table {
   public:
    explicit Table(const int8_t* table) {
      for (int half = 0; half < 2; ++half) {
        __m256i before = _mm256_setzero_si256();
        for (int i = 0; i < kRows; ++i) {
          const auto* row = reinterpret_cast<const __m128i*>(table + 128 * int64_t{half}) + i;
          const __m256i both = _mm256_broadcastsi128_si256(_mm_loadu_si128(row));
          steps_[half][i] = _mm256_xor_si256(both, before);
          before = both;
        }
      }
    }

    // A shuffle gives 0 where the index is negative. The index descends by rows; steps are added up
    // until it is negative, which gives the row that it began in, and 0 if it began below 0.
    [[nodiscard]] Value at(Value value) const {
      __m256i lower = _mm256_xor_si256(value, _mm256_set1_epi8(-128)), upper = value;
      __m256i found = _mm256_setzero_si256();
      for (int i = 0; i < kRows; ++i) {
        found = _mm256_xor_si256(found, _mm256_shuffle_epi8(steps_[0][i], lower));
        found = _mm256_xor_si256(found, _mm256_shuffle_epi8(steps_[1][i], upper));
        lower = _mm256_subs_epi8(lower, _mm256_set1_epi8(16));
        upper = _mm256_subs_epi8(upper, _mm256_set1_epi8(16));
      }
      return found;
    }

   private:
    static constexpr int kRows = 8;  // of 16 elements in half a table

    __m256i steps_[2][kRows];  // each row of each half, exclusive or the row before
  };
};

}  // namespace
}  // namespace durward
