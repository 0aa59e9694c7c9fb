#include <immintrin.h>

#include "gallery/nibbles.h"

namespace durward {
namespace {

// The processor's own prefetching stops at the end of each page.
constexpr int kAhead = 4096;

// One row's products, not yet added up.
__m512i row_products(const int8_t* probe, const uint8_t* row, int chunks) {
  const __m512i kLower = _mm512_set1_epi8(15);
  __m512i sum = _mm512_setzero_si512(), other = _mm512_setzero_si512();
  for (int chunk = 0; chunk < chunks; ++chunk) {
    _mm_prefetch(reinterpret_cast<const char*>(row + kAhead + 64 * chunk), _MM_HINT_T0);
    const __m512i bytes = _mm512_loadu_si512(row + 64 * chunk);
    const __m512i lower = _mm512_and_si512(bytes, kLower);
    const __m512i upper = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), kLower);
    sum = _mm512_dpbusd_epi32(sum, lower, _mm512_loadu_si512(probe + 128 * chunk));
    other = _mm512_dpbusd_epi32(other, upper, _mm512_loadu_si512(probe + 128 * chunk + 64));
  }
  return _mm512_add_epi32(sum, other);
}

__m256i halved(__m512i sum) {
  return _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
}

}  // namespace

void nibble_dots_avx512_vnni(const NibbleProbe& probe, const uint8_t* plane, int64_t rows,
                             int32_t* dots) {
  const int chunks = static_cast<int>(probe.values.size()) / kNibbleChunk;
  const int64_t stride = int64_t{64} * chunks;
  const __m128i offset = _mm_set1_epi32(8 * probe.sum);
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4, plane += 4 * stride) {
    __m256i sums[4];
    for (int i = 0; i < 4; ++i) {
      sums[i] = halved(row_products(probe.values.data(), plane + i * stride, chunks));
    }
    // Adding neighbours twice leaves each row's sum in two halves.
    const __m256i pairs =
        _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    const __m128i all =
        _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(dots + row), _mm_sub_epi32(all, offset));
  }
  for (; row < rows; ++row, plane += stride) {
    dots[row] =
        _mm512_reduce_add_epi32(row_products(probe.values.data(), plane, chunks)) - 8 * probe.sum;
  }
}

}  // namespace durward
