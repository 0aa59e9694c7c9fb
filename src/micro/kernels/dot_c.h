/* For any processor. */
#ifndef DURWARD_DOT_C_H
#define DURWARD_DOT_C_H

#include "durward_kernel.h"

/* Two channels with two pixels: each element that is read serves twice. */
static inline void two_channels(const int8_t* w0, const int8_t* w1, int32_t depth, const int8_t* x0,
                                const int8_t* x1, int32_t sums[4]) {
  int32_t a = 0, b = 0, c = 0, d = 0, k;
  for (k = 0; k < depth; ++k) {
    const int32_t u = w0[k], v = w1[k], x = x0[k], y = x1[k];
    a += u * x;
    b += u * y;
    c += v * x;
    d += v * y;
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
}

#endif
