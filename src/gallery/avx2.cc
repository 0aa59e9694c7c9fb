#include <immintrin.h>

#include "gallery/nibbles.h"

namespace durward {
namespace {

// Products of two are at most 2 * 15 * 127, so that 16 bits hold eight of them.
__m256i row_products(const int8_t* probe, const uint8_t* row, int chunks) {
  const __m256i kLower = _mm256_set1_epi8(15), kOnes = _mm256_set1_epi16(1);
  __m256i sum = _mm256_setzero_si256();
  for (int half = 0; half < 2 * chunks; ++half) {
    const int8_t* values = probe + 128 * (half / 2) + 32 * (half % 2);
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + 32 * half));
    const __m256i lower = _mm256_and_si256(bytes, kLower);
    const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), kLower);
    const __m256i products = _mm256_add_epi16(
        _mm256_maddubs_epi16(lower, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values))),
        _mm256_maddubs_epi16(upper,
                             _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + 64))));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(products, kOnes));
  }
  return sum;
}

}  // namespace

void nibble_dots_avx2(const NibbleProbe& probe, const uint8_t* plane, int64_t rows, int32_t* dots) {
  const int chunks = static_cast<int>(probe.values.size()) / kNibbleChunk;
  for (int64_t row = 0; row < rows; ++row, plane += int64_t{64} * chunks) {
    const __m256i sum = row_products(probe.values.data(), plane, chunks);
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    four = _mm_hadd_epi32(four, four);
    dots[row] = _mm_extract_epi32(four, 0) + _mm_extract_epi32(four, 1) - 8 * probe.sum;
  }
}

}  // namespace durward
