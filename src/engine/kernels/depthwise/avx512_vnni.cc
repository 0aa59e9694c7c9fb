// Four taps of 64 channels by vpdpbusd, the input as unsigned bytes.
#include "engine/kernels/avx512_requantize.h"
#include "engine/kernels/depthwise/column_strips.h"
#include "engine/kernels/depthwise/kernels.h"

namespace durward {
namespace {

struct Avx512Vnni {
  static constexpr int kTaps = 4, kVectors = 4, kLanes = 16;
  static constexpr int32_t kInputOffset = 128;
  using Weight = int8_t;
  using Bytes = __m512i;
  using Accumulator = __m512i;
  using Output = Avx512Output;
  using Add = Avx512Add;

  static __mmask64 first(int count) { return ~uint64_t{0} >> (64 - count); }
  static Bytes fill(int8_t value) { return _mm512_set1_epi8(value); }
  static Bytes load(const int8_t* from, int count) {
    return count == 64 ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi8(first(count), from);
  }
  static void store(int8_t* to, Bytes bytes, int count) {
    if (count == 64) {
      _mm512_storeu_si512(to, bytes);
    } else {
      _mm512_mask_storeu_epi8(to, first(count), bytes);
    }
  }
  static Accumulator load_int32(const int32_t* from) { return _mm512_load_si512(from); }

  static void interleave(const Bytes (&rows)[kTaps], std::byte* stack) {
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

  static Accumulator dot(Accumulator sums, const std::byte* stack, const std::byte* weights) {
    return _mm512_dpbusd_epi32(sums, _mm512_load_si512(stack), _mm512_load_si512(weights));
  }

  static Output output(const Int8Output& range) { return avx512_output(range); }
  static Add fused_add(const FusedAdd& add) { return avx512_add(add); }
  template <bool kPerSign>
  static Bytes requantize(const Accumulator (&sums)[kVectors], const float* multiplier,
                          const float* negative, const Output& range) {
    __m512i rounded[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      rounded[v] = avx512_round(
          avx512_steps<kPerSign>(sums[v], multiplier + v * kLanes, negative + v * kLanes));
    }
    return avx512_narrow(rounded, range);
  }
  static Bytes add(Bytes results, Bytes addends, const Add& parameters) {
    return avx512_add_int8(results, addends, parameters);
  }
};

using Kernel = ColumnStrips<Avx512Vnni>;

}  // namespace

const DepthwiseKernel kDepthwiseAvx512Vnni = {Isa::kAvx512Vnni,      Kernel::takes,
                                              Kernel::packed_bytes,  Kernel::pack,
                                              Kernel::scratch_bytes, Kernel::run};

}  // namespace durward
