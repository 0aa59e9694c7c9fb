// Vectors of 4 floats as floats_avx2.h has them, for AArch64.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

namespace durward {
namespace {

struct FloatsNeon {
  using Value = float32x4_t;
  static constexpr int64_t kLanes = 4;
  static constexpr int kTileVectors = 4;  // 24 registers of sums

  static Value load(const float* from) { return vld1q_f32(from); }
  static Value load_first(const float* from, int64_t count) {
    if (count == kLanes) return load(from);
    Value value = vsetq_lane_f32(from[0], vdupq_n_f32(0), 0);
    if (count > 1) value = vsetq_lane_f32(from[1], value, 1);
    if (count > 2) value = vsetq_lane_f32(from[2], value, 2);
    return value;
  }
  static void store(float* to, Value value) { vst1q_f32(to, value); }
  static void store_first(float* to, Value value, int64_t count) {
    if (count == kLanes) return store(to, value);
    vst1q_lane_f32(to, value, 0);
    if (count > 1) vst1q_lane_f32(to + 1, value, 1);
    if (count > 2) vst1q_lane_f32(to + 2, value, 2);
  }

  static Value set(float value) { return vdupq_n_f32(value); }
  static Value add(Value a, Value b) { return vaddq_f32(a, b); }
  static Value sub(Value a, Value b) { return vsubq_f32(a, b); }
  static Value mul(Value a, Value b) { return vmulq_f32(a, b); }
  static Value div(Value a, Value b) { return vdivq_f32(a, b); }
  // Not vmaxq_f32 and vminq_f32: those order zeros by sign and give NaN where one is.
  static Value max(Value a, Value b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static Value min(Value a, Value b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static Value power_of_two(Value shifted) {
    const int32x4_t exponent = vaddq_s32(vreinterpretq_s32_f32(shifted), vdupq_n_s32(127));
    return vreinterpretq_f32_s32(vshlq_n_s32(exponent, 23));
  }
  static Value if_negative(Value test, Value a, Value b) {
    return vbslq_f32(vcltzq_f32(test), a, b);
  }

  using Words = int32x4_t;
  static Words set_words(int32_t value) { return vdupq_n_s32(value); }
  static Words load_words(const int8_t* from) { return load_words_first(from, kLanes); }
  static Words load_words_first(const int8_t* from, int64_t count) {
    int8x8_t bytes = vdup_n_s8(0);
    __builtin_memcpy(&bytes, from, static_cast<size_t>(count));
    return vmovl_s16(vget_low_s16(vmovl_s8(bytes)));
  }
  static Value difference(Words value, Words zero) { return vcvtq_f32_s32(vsubq_s32(value, zero)); }
  static void accumulate(int32_t* sums, Words value, Words zero) {
    vst1q_s32(sums, vaddq_s32(vld1q_s32(sums), vsubq_s32(value, zero)));
  }
  static Value load_sums(const int32_t* from) { return vcvtq_f32_s32(vld1q_s32(from)); }

  static void store_int8(int8_t* to, Value steps, int32_t zero_point) {
    store_int8_first(to, steps, zero_point, kLanes);
  }
  static void store_int8_first(int8_t* to, Value steps, int32_t zero_point, int64_t count) {
    const int16x4_t pairs = vmovn_s32(vaddq_s32(vcvtnq_s32_f32(steps), vdupq_n_s32(zero_point)));
    const int8x8_t bytes = vmovn_s16(vcombine_s16(pairs, pairs));
    __builtin_memcpy(to, &bytes, static_cast<size_t>(count));
  }
};

}  // namespace
}  // namespace durward
