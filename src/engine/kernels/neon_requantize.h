// The end of every int8 kernel for AArch64: eight accumulators become eight int8, with the rule of
// requantize.h and, where one follows, that of FusedAdd. For files of one instruction set only.
#pragma once

#include <arm_neon.h>

#include "engine/kernels/layer_kernel.h"

namespace durward {
namespace {

// What an Int8Output says, as vectors. The bounds are relative to the zero point.
struct NeonOutput {
  explicit NeonOutput(const Int8Output& output)
      : low(vdupq_n_f32(static_cast<float>(output.lowest - output.zero_point))),
        high(vdupq_n_f32(static_cast<float>(output.highest - output.zero_point))),
        zero_point(vdupq_n_s16(static_cast<int16_t>(output.zero_point))) {}

  float32x4_t low, high;
  int16x8_t zero_point;
};

// Eight channels' multipliers, for accumulators >= 0 and < 0.
struct NeonMultipliers {
  float32x4_t positive[2], negative[2];
};

[[gnu::always_inline]] inline NeonMultipliers load_multipliers(const float* positive,
                                                               const float* negative) {
  return {{vld1q_f32(positive), vld1q_f32(positive + 4)},
          {vld1q_f32(negative), vld1q_f32(negative + 4)}};
}

// FMAXNM prefers a number to a NaN: the lowest value. What is rounded is at most 255.
[[gnu::always_inline]] inline int16x8_t round_steps(float32x4_t a, float32x4_t b,
                                                    const NeonOutput& output) {
  const float32x4_t clamped_a = vminq_f32(vmaxnmq_f32(a, output.low), output.high);
  const float32x4_t clamped_b = vminq_f32(vmaxnmq_f32(b, output.low), output.high);
  return vmovn_high_s32(vmovn_s32(vcvtnq_s32_f32(clamped_a)), vcvtnq_s32_f32(clamped_b));
}

[[gnu::always_inline]] inline int8x8_t add_zero_point(int16x8_t steps, const NeonOutput& output) {
  return vmovn_s16(vaddq_s16(steps, output.zero_point));
}

class NeonEpilogue {
 public:
  // `add` may be nullptr.
  NeonEpilogue(const Int8Output& output, const FusedAdd* add)
      : output_(output), sum_output_(add == nullptr ? output : add->output) {
    if (add == nullptr) return;
    multiplier_ = add->multiplier;
    addend_multiplier_ = add->addend_multiplier;
    result_shift_ = static_cast<int16_t>(output.zero_point - add->zero_point);
    addend_zero_point_ = static_cast<int8_t>(add->addend_zero_point);
  }

  // The layer's result without its zero point.
  [[nodiscard, gnu::always_inline]] int16x8_t requantize(int32x4_t a, int32x4_t b,
                                                         const NeonMultipliers& by) const {
    const float32x4_t by_a = vbslq_f32(vcltzq_s32(a), by.negative[0], by.positive[0]);
    const float32x4_t by_b = vbslq_f32(vcltzq_s32(b), by.negative[1], by.positive[1]);
    return round_steps(vmulq_f32(vcvtq_f32_s32(a), by_a), vmulq_f32(vcvtq_f32_s32(b), by_b),
                       output_);
  }

  [[nodiscard, gnu::always_inline]] int8x8_t finish(int16x8_t steps) const {
    return add_zero_point(steps, output_);
  }

  [[nodiscard, gnu::always_inline]] int8x8_t finish(int16x8_t steps, int8x8_t addend) const {
    const int16x8_t result = vaddq_s16(steps, vdupq_n_s16(result_shift_));
    const int16x8_t other = vsubl_s8(addend, vdup_n_s8(addend_zero_point_));
    return add_zero_point(
        round_steps(weighted_sum(vmovl_s16(vget_low_s16(result)), vmovl_s16(vget_low_s16(other))),
                    weighted_sum(vmovl_high_s16(result), vmovl_high_s16(other)), sum_output_),
        sum_output_);
  }

 private:
  [[nodiscard, gnu::always_inline]] float32x4_t weighted_sum(int32x4_t result,
                                                             int32x4_t addend) const {
    return vaddq_f32(vmulq_n_f32(vcvtq_f32_s32(result), multiplier_),
                     vmulq_n_f32(vcvtq_f32_s32(addend), addend_multiplier_));
  }

  NeonOutput output_, sum_output_;
  float multiplier_ = 0, addend_multiplier_ = 0;
  int16_t result_shift_ = 0;
  int8_t addend_zero_point_ = 0;
};

}  // namespace
}  // namespace durward
