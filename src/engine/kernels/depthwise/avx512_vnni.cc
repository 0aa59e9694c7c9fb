// Four taps of 64 channels by vpdpbusd, the input as unsigned bytes.
#include "engine/kernels/depthwise/column_strips.h"
#include "engine/kernels/depthwise/kernels.h"
#include "engine/kernels/zmm.h"

namespace durward {
namespace {

struct Avx512Vnni {
  using Vector = Zmm;
  static constexpr int kTaps = 4;
  static constexpr int32_t kInputOffset = 128;
  using Weight = int8_t;

  static void interleave(const __m512i (&rows)[kTaps], std::byte* stack) {
    const __m512i sign = _mm512_set1_epi8(-128);
    const __m512i r0 = _mm512_xor_si512(rows[0], sign), r1 = _mm512_xor_si512(rows[1], sign);
    const __m512i r2 = _mm512_xor_si512(rows[2], sign), r3 = _mm512_xor_si512(rows[3], sign);
    const __m512i low01 = _mm512_unpacklo_epi8(r0, r1), high01 = _mm512_unpackhi_epi8(r0, r1);
    const __m512i low23 = _mm512_unpacklo_epi8(r2, r3), high23 = _mm512_unpackhi_epi8(r2, r3);
    _mm512_store_si512(stack, _mm512_unpacklo_epi16(low01, low23));
    _mm512_store_si512(stack + 64, _mm512_unpackhi_epi16(low01, low23));
    _mm512_store_si512(stack + 128, _mm512_unpacklo_epi16(high01, high23));
    _mm512_store_si512(stack + 192, _mm512_unpackhi_epi16(high01, high23));
  }

  static __m512i dot(__m512i sums, const std::byte* stack, const std::byte* weights) {
    return _mm512_dpbusd_epi32(sums, _mm512_load_si512(stack), _mm512_load_si512(weights));
  }
};

using Kernel = ColumnStrips<Avx512Vnni>;

}  // namespace

const DepthwiseKernel kDepthwiseAvx512Vnni = {Isa::kAvx512Vnni,      Kernel::takes,
                                              Kernel::packed_bytes,  Kernel::pack,
                                              Kernel::scratch_bytes, Kernel::run};

}  // namespace durward
