#include <arm_neon.h>

#include "engine/kernels/lstm_int16/steps.h"

namespace durward {
namespace {

struct LstmInt16Neon {
  using Int = int32x4_t;
  using Float = float32x4_t;
  static constexpr int64_t kLanes = 4;
  static constexpr LstmInt16Packing kPacking{kLanes, 2, false, false};
  static constexpr int kRows = 4;
  static constexpr int kStateGroups = 2;

  static Int load(const int32_t* from) { return vld1q_s32(from); }
  static Float load(const float* from) { return vld1q_f32(from); }
  static void store(int32_t* to, Int value) { vst1q_s32(to, value); }
  static void store(float* to, Float value) { vst1q_f32(to, value); }
  static Int zero() { return vdupq_n_s32(0); }
  static Int set32(int32_t value) { return vdupq_n_s32(value); }
  static Float set(float value) { return vdupq_n_f32(value); }
  static Float to_float(Int value) { return vcvtq_f32_s32(value); }
  static Int to_int(Float value) { return vcvtnq_s32_f32(value); }
  static Float add(Float a, Float b) { return vaddq_f32(a, b); }
  static Float mul(Float a, Float b) { return vmulq_f32(a, b); }
  // Both give b where one is NaN.
  static Float min(Float a, Float b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static Float max(Float a, Float b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static Int add32(Int a, Int b) { return vaddq_s32(a, b); }
  static Int mul32(Int a, Int b) { return vmulq_s32(a, b); }
  static Int and32(Int a, Int b) { return vandq_s32(a, b); }
  static Int min32(Int a, Int b) { return vminq_s32(a, b); }
  static Int max32(Int a, Int b) { return vmaxq_s32(a, b); }
  template <int kBits>
  static Int shift_right(Int a) {
    return vshrq_n_s32(a, kBits);
  }
  template <int kBits>
  static Int shift_left(Int a) {
    return vshlq_n_s32(a, kBits);
  }

  using Pair = int16x4_t;
  using Weights = int16x8_t;
  static Pair load_pair(const int16_t* from) {
    int32_t pair;
    __builtin_memcpy(&pair, from, sizeof(pair));
    return vreinterpret_s16_s32(vdup_n_s32(pair));
  }
  static Weights load_weights(const int16_t* from) { return vld1q_s16(from); }
  static Int dot(Int sum, Pair pair, Weights weights) {
    sum = vmlal_lane_s16(sum, vget_low_s16(weights), pair, 0);
    return vmlal_high_lane_s16(sum, weights, pair, 1);
  }

  // A state is its int16.
  static void clear_state(std::byte*, int64_t) {}
  static void store_state(std::byte* state, int64_t, int64_t at, Int hidden) {
    vst1_s16(reinterpret_cast<int16_t*>(state) + at, vmovn_s32(hidden));
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
        sums[b] = dot(sums[b], pair, vmovl_s8(vld1_s8(from)));
      }
    }
  }

  // table[index] and table[index + 1] as the halves of each lane.
  static Int gather_pairs(const int16_t* table, Int index) {
    int32_t ends[4];
    for (int lane = 0; lane < 4; ++lane) {
      __builtin_memcpy(&ends[lane], table + index[lane], sizeof(int32_t));
    }
    return vld1q_s32(ends);
  }
  // low half * (whole - rest) + high half * rest
  static Int interpolate(Int ends, Int rest, int32_t whole) {
    const Int low = vshrq_n_s32(vshlq_n_s32(ends, 16), 16), high = vshrq_n_s32(ends, 16);
    return vmlaq_s32(vmulq_s32(low, vsubq_s32(set32(whole), rest)), high, rest);
  }
};

}  // namespace

const LstmInt16Kernel kLstmInt16Neon = LstmInt16Steps<LstmInt16Neon>::kernel(Isa::kNeon);

}  // namespace durward
