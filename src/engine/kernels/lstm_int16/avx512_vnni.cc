#include "engine/kernels/lstm_int16/steps.h"
#include "engine/kernels/zmm.h"

namespace durward {
namespace {

struct LstmInt16Avx512Vnni : Zmm {
  static constexpr LstmInt16Packing kPacking{kLanes, 4, true, true};
  static constexpr int kRows = 4;
  static constexpr int kStateGroups = 2;

  static void store(float* to, Float value) { _mm512_store_ps(to, value); }
  using Zmm::store;
  static Int mul32(Int a, Int b) { return _mm512_mullo_epi32(a, b); }
  static Int and32(Int a, Int b) { return _mm512_and_si512(a, b); }
  static Int min32(Int a, Int b) { return _mm512_min_epi32(a, b); }
  static Int max32(Int a, Int b) { return _mm512_max_epi32(a, b); }
  template <int kBits>
  static Int shift_right(Int a) {
    return _mm512_srai_epi32(a, kBits);
  }
  template <int kBits>
  static Int shift_left(Int a) {
    return _mm512_slli_epi32(a, kBits);
  }

  using Pair = __m512i;
  using Weights = __m512i;
  static Int load_words(const void* from) {
    int32_t words;
    __builtin_memcpy(&words, from, sizeof(words));
    return set32(words);
  }
  static Pair load_pair(const int16_t* from) { return load_words(from); }
  static Weights load_weights(const int16_t* from) { return _mm512_load_si512(from); }
  static Int dot(Int sum, Pair pair, Weights weights) {
    return _mm512_dpwssd_epi32(sum, pair, weights);
  }

  // A state is its int16, then their high bytes plus 128, then their low bytes, all unsigned.
  static void clear_state(std::byte* state, int64_t elements) {
    __builtin_memset(state + 2 * elements, 128, static_cast<size_t>(elements));
  }
  static void store_state(std::byte* state, int64_t elements, int64_t at, Int hidden) {
    auto* bytes = reinterpret_cast<__m128i*>(state + 2 * elements + at);
    auto* low_bytes = reinterpret_cast<__m128i*>(state + 3 * elements + at);
    _mm256_store_si256(reinterpret_cast<__m256i*>(state + 2 * at), _mm512_cvtepi32_epi16(hidden));
    _mm_store_si128(bytes, _mm512_cvtepi32_epi8(add32(shift_right<8>(hidden), set32(128))));
    _mm_store_si128(low_bytes, _mm512_cvtepi32_epi8(hidden));
  }
  // 2^8 * (high byte + 128) + low byte is the state plus 2^15, which the offsets take away again.
  // What wraps around on the way comes back: the sum fits.
  template <int kBlocks>
  static void multiply_state(const std::byte* state, int64_t elements, int64_t groups,
                             const int8_t* recurrent, const int32_t* offsets,
                             Int (&sums)[kBlocks]) {
    const std::byte* high_bytes = state + 2 * elements;
    const std::byte* low_bytes = state + 3 * elements;
    Int high[kBlocks];
#pragma GCC unroll 8
    for (int b = 0; b < kBlocks; ++b) {
      high[b] = zero();
      sums[b] = load(offsets + b * kLanes);
    }
    for (int64_t group = 0; group < groups; ++group) {
      const Int high_of_state = load_words(high_bytes + 4 * group);
      const Int low_of_state = load_words(low_bytes + 4 * group);
#pragma GCC unroll 8
      for (int b = 0; b < kBlocks; ++b) {
        const Int weights = _mm512_load_si512(recurrent + (b * groups + group) * 4 * kLanes);
        high[b] = _mm512_dpbusd_epi32(high[b], high_of_state, weights);
        sums[b] = _mm512_dpbusd_epi32(sums[b], low_of_state, weights);
      }
    }
#pragma GCC unroll 8
    for (int b = 0; b < kBlocks; ++b) sums[b] = add32(sums[b], shift_left<8>(high[b]));
  }

  // table[index] and table[index + 1] as the halves of each lane.
  static Int gather_pairs(const int16_t* table, Int index) {
    return _mm512_i32gather_epi32(index, table, 2);
  }
  // low half * (whole - rest) + high half * rest
  static Int interpolate(Int ends, Int rest, int32_t whole) {
    const Int factors = add32(sub32(shift_left<16>(rest), rest), set32(whole));
    return _mm512_madd_epi16(ends, factors);
  }
};

}  // namespace

const LstmInt16Kernel kLstmInt16Avx512Vnni =
    LstmInt16Steps<LstmInt16Avx512Vnni>::kernel(Isa::kAvx512Vnni);

}  // namespace durward
