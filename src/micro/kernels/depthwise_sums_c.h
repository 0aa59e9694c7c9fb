/* For any processor. */
#ifndef DURWARD_DEPTHWISE_SUMS_C_H
#define DURWARD_DEPTHWISE_SUMS_C_H

#include <stdint.h>

/* The sums of four channels stay in registers over all taps. */
static void four_channels(const int8_t* const* taps, int32_t count, const int8_t* weights,
                          int32_t channels, int32_t first, int32_t* sums) {
  int32_t a = 0, b = 0, c = 0, d = 0, t;
  for (t = 0; t < count; ++t, weights += channels) {
    const int8_t* x = taps[t] + first;
    a += x[0] * weights[0];
    b += x[1] * weights[1];
    c += x[2] * weights[2];
    d += x[3] * weights[3];
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
}

#endif
