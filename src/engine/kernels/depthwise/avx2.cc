// Two taps of 32 channels by vpmaddwd, input and weights as int16: sums of byte products by
// vpmaddubsw would saturate.
#include "engine/kernels/depthwise/avx2_block.h"
#include "engine/kernels/depthwise/kernels.h"

namespace durward {
namespace {

struct Avx2 : Avx2Block {
  static constexpr int kTaps = 2;
  static constexpr int32_t kInputOffset = 0;
  using Weight = int16_t;

  static void interleave(const __m256i (&rows)[kTaps], std::byte* stack) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i low = _mm256_unpacklo_epi8(rows[0], rows[1]);
    const __m256i high = _mm256_unpackhi_epi8(rows[0], rows[1]);
    put(stack, 0, _mm256_srai_epi16(_mm256_unpacklo_epi8(zero, low), 8));
    put(stack, 1, _mm256_srai_epi16(_mm256_unpackhi_epi8(zero, low), 8));
    put(stack, 2, _mm256_srai_epi16(_mm256_unpacklo_epi8(zero, high), 8));
    put(stack, 3, _mm256_srai_epi16(_mm256_unpackhi_epi8(zero, high), 8));
  }

  static __m256i dot(__m256i sums, const std::byte* stack, const std::byte* weights) {
    return keep(_mm256_add_epi32(sums, _mm256_madd_epi16(aligned(stack), aligned(weights))));
  }
};

using Kernel = ColumnStrips<Avx2>;

}  // namespace

const DepthwiseKernel kDepthwiseAvx2 = {Isa::kAvx2,   Kernel::takes,         Kernel::packed_bytes,
                                        Kernel::pack, Kernel::scratch_bytes, Kernel::run};

}  // namespace durward
