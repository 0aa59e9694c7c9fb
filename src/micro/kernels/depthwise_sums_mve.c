/* Eight channels at a time: their int16 have products of 32 bits in even and odd lanes. */
#include "depthwise.h"

#if DURWARD_KERNELS == DURWARD_USES_MVE

#include <arm_mve.h>

void dw_depthwise_sums(const int8_t* const* taps, int32_t count, const int8_t* weights,
                       int32_t channels, int32_t* sums) {
  int32_t c, t;
  for (c = 0; c < channels; c += 8) {
    const mve_pred16_t some = vctp16q((uint32_t)(channels - c));
    const int8_t* w = weights + c;
    int32x4x2_t both;
    both.val[0] = both.val[1] = vdupq_n_s32(0);
    for (t = 0; t < count; ++t, w += channels) {
      const int16x8_t x = vldrbq_z_s16(taps[t] + c, some), y = vldrbq_z_s16(w, some);
      both.val[0] = vaddq_s32(both.val[0], vmullbq_int_s16(x, y));
      both.val[1] = vaddq_s32(both.val[1], vmulltq_int_s16(x, y));
    }
    vst2q_s32(sums + c, both);
  }
}

#endif
