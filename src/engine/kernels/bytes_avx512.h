// Vectors of 64 int8 as bytes_avx2.h has them, for the files that are compiled for AVX-512.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace durward {
namespace {

struct BytesAvx512 {
  using Value = __m512i;
  static constexpr int64_t kLanes = 64;

  static Value load(const int8_t* from) { return _mm512_loadu_si512(from); }
  static Value load_first(const int8_t* from, int64_t count) {
    return _mm512_maskz_loadu_epi8(first(count), from);
  }
  static void store(int8_t* to, Value value) { _mm512_storeu_si512(to, value); }
  static void store_first(int8_t* to, Value value, int64_t count) {
    _mm512_mask_storeu_epi8(to, first(count), value);
  }
  static Value max(Value a, Value b) { return _mm512_max_epi8(a, b); }

  class Table {
   public:
    explicit Table(const int8_t* table) {
      for (int i = 0; i < 4; ++i) quarters_[i] = load(table + kLanes * i);
    }
    // The index's last 7 bits pick from a half, its sign the half.
    [[nodiscard]] Value at(Value value) const {
      const __m512i negative = _mm512_permutex2var_epi8(quarters_[0], value, quarters_[1]);
      const __m512i positive = _mm512_permutex2var_epi8(quarters_[2], value, quarters_[3]);
      return _mm512_mask_blend_epi8(_mm512_movepi8_mask(value), positive, negative);
    }

   private:
    __m512i quarters_[4];
  };

 private:
  static __mmask64 first(int64_t count) {
    return count == kLanes ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
  }
};

}  // namespace
}  // namespace durward
