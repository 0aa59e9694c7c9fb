/* Four channels at a time. Helium takes numbers below 1.2e-38 for zero; they round to zero steps
 * anyway. */
#include "requantize.h"

#if DURWARD_KERNELS == DURWARD_USES_MVE

#include <arm_mve.h>

/* As dw_round, for four. */
static inline int32x4_t round_four(float32x4_t steps, const dw_output* output) {
  float32x4_t clamped = vmaxnmq_f32(steps, vdupq_n_f32(output->low));
  clamped = vminnmq_f32(clamped, vdupq_n_f32(output->high));
  return vaddq_n_s32(vcvtnq_s32_f32(clamped), output->zero_point);
}

static inline int32x4_t add_four(const dw_fused_add* add, int32x4_t results, int32x4_t addend) {
  const float32x4_t own =
      vmulq_n_f32(vcvtq_f32_s32(vsubq_n_s32(results, add->zero_point)), add->multiplier);
  const float32x4_t other = vmulq_n_f32(
      vcvtq_f32_s32(vsubq_n_s32(addend, add->addend_zero_point)), add->addend_multiplier);
  return round_four(vaddq_f32(own, other), &add->output);
}

void dw_requantize_row(const dw_requantize* how, int32_t first, int32_t count, const int32_t* sums,
                       const int8_t* addend, int8_t* to) {
  int32_t i;
  for (i = 0; i < count; i += 4) {
    const mve_pred16_t some = vctp32q((uint32_t)(count - i));
    const int32x4_t sum =
        vaddq_s32(vldrwq_z_s32(sums + i, some), vldrwq_z_s32(how->bias + first + i, some));
    const float32x4_t multiplier =
        vpselq_f32(vldrwq_z_f32(how->multiplier_negative + first + i, some),
                   vldrwq_z_f32(how->multiplier + first + i, some), vcmpltq_n_s32(sum, 0));
    int32x4_t result = round_four(vmulq_f32(vcvtq_f32_s32(sum), multiplier), &how->output);
    if (how->add != NULL) result = add_four(how->add, result, vldrbq_z_s32(addend + i, some));
    vstrbq_p_s32(to + i, result, some);
  }
}

#endif
