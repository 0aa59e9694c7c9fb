// Four taps of 32 channels by vpdpbusd, the input as unsigned bytes.
#include "engine/kernels/depthwise/avx2_block.h"
#include "engine/kernels/depthwise/kernels.h"

namespace durward {
namespace {

struct AvxVnni : Avx2Block {
  static constexpr int kTaps = 4;
  static constexpr int32_t kInputOffset = 128;
  using Weight = int8_t;

  static void interleave(const __m256i (&rows)[kTaps], std::byte* stack) {
    const __m256i sign = _mm256_set1_epi8(-128);
    const __m256i r0 = _mm256_xor_si256(rows[0], sign), r1 = _mm256_xor_si256(rows[1], sign);
    const __m256i r2 = _mm256_xor_si256(rows[2], sign), r3 = _mm256_xor_si256(rows[3], sign);
    const __m256i low01 = _mm256_unpacklo_epi8(r0, r1), high01 = _mm256_unpackhi_epi8(r0, r1);
    const __m256i low23 = _mm256_unpacklo_epi8(r2, r3), high23 = _mm256_unpackhi_epi8(r2, r3);
    put(stack, 0, _mm256_unpacklo_epi16(low01, low23));
    put(stack, 1, _mm256_unpackhi_epi16(low01, low23));
    put(stack, 2, _mm256_unpacklo_epi16(high01, high23));
    put(stack, 3, _mm256_unpackhi_epi16(high01, high23));
  }

  static __m256i dot(__m256i sums, const std::byte* stack, const std::byte* weights) {
    return keep(_mm256_dpbusd_avx_epi32(sums, aligned(stack), aligned(weights)));
  }
};

using Kernel = ColumnStrips<AvxVnni>;

}  // namespace

const DepthwiseKernel kDepthwiseAvxVnni = {Isa::kAvxVnni,         Kernel::takes,
                                           Kernel::packed_bytes,  Kernel::pack,
                                           Kernel::scratch_bytes, Kernel::run};

}  // namespace durward
