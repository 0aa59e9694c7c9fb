#include "engine/kernels/lstm_int16/steps.h"
#include "engine/kernels/ymm.h"

namespace durward {
namespace {

struct LstmInt16Avx2 : Ymm {
  static constexpr LstmInt16Packing kPacking{kLanes, 2, true, false};
  static constexpr int kRows = 2;
  static constexpr int kStateGroups = 1;

  static void store(float* to, Float value) { _mm256_store_ps(to, value); }
  using Ymm::store;
  static Int mul32(Int a, Int b) { return _mm256_mullo_epi32(a, b); }
  static Int and32(Int a, Int b) { return _mm256_and_si256(a, b); }
  static Int min32(Int a, Int b) { return _mm256_min_epi32(a, b); }
  static Int max32(Int a, Int b) { return _mm256_max_epi32(a, b); }
  template <int kBits>
  static Int shift_right(Int a) {
    return _mm256_srai_epi32(a, kBits);
  }
  template <int kBits>
  static Int shift_left(Int a) {
    return _mm256_slli_epi32(a, kBits);
  }

  using Pair = __m256i;
  using Weights = __m256i;
  static Pair load_pair(const int16_t* from) {
    int32_t pair;
    __builtin_memcpy(&pair, from, sizeof(pair));
    return set32(pair);
  }
  static Weights load_weights(const int16_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  static Int dot(Int sum, Pair pair, Weights weights) {
    return add32(sum, _mm256_madd_epi16(pair, weights));
  }

  // A state is its int16.
  static void clear_state(std::byte*, int64_t) {}
  static void store_state(std::byte* state, int64_t, int64_t at, Int hidden) {
    const __m256i narrow = _mm256_permute4x64_epi64(_mm256_packs_epi32(hidden, hidden), 0x08);
    _mm_store_si128(reinterpret_cast<__m128i*>(reinterpret_cast<int16_t*>(state) + at),
                    _mm256_castsi256_si128(narrow));
  }
  template <int kBlocks>
  static void multiply_state(const std::byte* state, int64_t, int64_t groups,
                             const int8_t* recurrent, const int32_t*, Int (&sums)[kBlocks]) {
    const auto* hidden = reinterpret_cast<const int16_t*>(state);
#pragma GCC unroll 8
    for (Int& sum : sums) sum = zero();
    for (int64_t group = 0; group < groups; ++group) {
      const Pair pair = load_pair(hidden + 2 * group);
#pragma GCC unroll 8
      for (int b = 0; b < kBlocks; ++b) {
        const int8_t* from = recurrent + (b * groups + group) * 2 * kLanes;
        sums[b] = dot(sums[b], pair,
                      _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(from))));
      }
    }
  }

  // table[index] and table[index + 1] as the halves of each lane.
  static Int gather_pairs(const int16_t* table, Int index) {
    return _mm256_i32gather_epi32(reinterpret_cast<const int*>(table), index, 2);
  }
  // low half * (whole - rest) + high half * rest
  static Int interpolate(Int ends, Int rest, int32_t whole) {
    const Int factors = add32(sub32(shift_left<16>(rest), rest), set32(whole));
    return _mm256_madd_epi16(ends, factors);
  }
};

}  // namespace

const LstmInt16Kernel kLstmInt16Avx2 = LstmInt16Steps<LstmInt16Avx2>::kernel(Isa::kAvx2);

}  // namespace durward
