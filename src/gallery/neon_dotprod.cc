#include <arm_neon.h>

#include "gallery/nibbles.h"

namespace durward {

void nibble_dots_neon_dotprod(const NibbleProbe& probe, const uint8_t* plane, int64_t rows,
                              int32_t* dots) {
  const uint8x16_t kLower = vdupq_n_u8(15);
  for (int64_t row = 0; row < rows; ++row) {
    int32x4_t sum = vdupq_n_s32(0), other = vdupq_n_s32(0);
    for (const int8_t *values = probe.values.data(), *end = values + probe.values.size();
         values != end; values += kNibbleChunk) {
      for (int j = 0; j < 64; j += 16, plane += 16) {
        const uint8x16_t bytes = vld1q_u8(plane);
        const int8x16_t lower = vreinterpretq_s8_u8(vandq_u8(bytes, kLower));
        const int8x16_t upper = vreinterpretq_s8_u8(vshrq_n_u8(bytes, 4));
        sum = vdotq_s32(sum, lower, vld1q_s8(values + j));
        other = vdotq_s32(other, upper, vld1q_s8(values + 64 + j));
      }
    }
    dots[row] = vaddvq_s32(vaddq_s32(sum, other)) - 8 * probe.sum;
  }
}

}  // namespace durward
