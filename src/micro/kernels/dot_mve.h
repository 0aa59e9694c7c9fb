/* Sixteen products and their sum are one instruction, VMLADAV. */
#ifndef DURWARD_DOT_MVE_H
#define DURWARD_DOT_MVE_H

#include <arm_mve.h>
#include <stdint.h>

/* Two channels with two pixels: each vector that is read serves twice. What is behind the last
 * element is not read, and counts as zero. */
static inline void two_channels(const int8_t* w0, const int8_t* w1, int32_t depth, const int8_t* x0,
                                const int8_t* x1, int32_t sums[4]) {
  int32_t a = 0, b = 0, c = 0, d = 0, k;
  for (k = 0; k < depth; k += 16) {
    const mve_pred16_t some = vctp8q((uint32_t)(depth - k));
    const int8x16_t u = vldrbq_z_s8(w0 + k, some), v = vldrbq_z_s8(w1 + k, some);
    const int8x16_t x = vldrbq_z_s8(x0 + k, some), y = vldrbq_z_s8(x1 + k, some);
    a = vmladavaq_s8(a, u, x);
    b = vmladavaq_s8(b, u, y);
    c = vmladavaq_s8(c, v, x);
    d = vmladavaq_s8(d, v, y);
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
}

#endif
