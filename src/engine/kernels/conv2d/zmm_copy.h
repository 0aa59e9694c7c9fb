// Copying of patches (patches.h) by vectors of 512 bits, for the files that are compiled for
// AVX-512 alone.
#pragma once

#include "engine/kernels/zmm.h"

namespace durward {
namespace {

// Copies patches, kOffset (0 or 128) added to each input modulo 256.
template <int32_t kOffset>
struct ZmmCopy {
  using Value = int8_t;

  static void copy(int8_t* to, const int8_t* from, int64_t count) {
    if (count <= 16) {
      const auto mask = static_cast<__mmask16>((1u << count) - 1);
      const __m128i offset = _mm_set1_epi8(static_cast<char>(kOffset));
      const __m128i bytes = _mm_maskz_loadu_epi8(mask, from);
      return _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_xor_si128(bytes, offset));
    }
    const __m512i offset = Zmm::set8(kOffset);
    for (; count > 64; count -= 64, to += 64, from += 64) {
      _mm512_storeu_si512(to, _mm512_xor_si512(_mm512_loadu_si512(from), offset));
    }
    _mm512_storeu_si512(to, _mm512_xor_si512(Zmm::load_bytes(from, count), offset));
  }

  static void fill(int8_t* to, int32_t input, int64_t count) {
    const __m512i value = Zmm::set8(input ^ kOffset);
    for (int64_t i = 0; i < count; i += 64) _mm512_storeu_si512(to + i, value);
  }
};

}  // namespace
}  // namespace durward
