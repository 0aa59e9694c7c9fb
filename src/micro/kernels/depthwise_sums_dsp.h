/* Two taps at a time: for each channel their products and the sum of these are one SMLAD. */
#ifndef DURWARD_DEPTHWISE_SUMS_DSP_H
#define DURWARD_DEPTHWISE_SUMS_DSP_H

#include "word_dsp.h"

/* Channels 0 and 1 of two pixels p and q, or 2 and 3: as bytes p0 p1 q0 q1. */
static inline uint32_t low_halves(uint32_t p, uint32_t q) { return (p & 0xffffu) | (q << 16); }
static inline uint32_t high_halves(uint32_t p, uint32_t q) { return (p >> 16) | (q & 0xffff0000u); }

/* Bytes 0 and 2, and bytes 1 and 3: one channel of both pixels. */
static inline int32_t first_channel(int32_t sum, uint32_t x, uint32_t w) {
  return __smlad(dw_even_bytes(x), dw_even_bytes(w), sum);
}
static inline int32_t second_channel(int32_t sum, uint32_t x, uint32_t w) {
  return __smlad(dw_odd_bytes(x), dw_odd_bytes(w), sum);
}

static void four_channels(const int8_t* const* taps, int32_t count, const int8_t* weights,
                          int32_t channels, int32_t first, int32_t* sums) {
  int32_t a = 0, b = 0, c = 0, d = 0, t;
  for (t = 0; t + 2 <= count; t += 2, weights += 2 * channels) {
    const uint32_t p = dw_load_word(taps[t] + first), q = dw_load_word(taps[t + 1] + first);
    const uint32_t u = dw_load_word(weights), v = dw_load_word(weights + channels);
    a = first_channel(a, low_halves(p, q), low_halves(u, v));
    b = second_channel(b, low_halves(p, q), low_halves(u, v));
    c = first_channel(c, high_halves(p, q), high_halves(u, v));
    d = second_channel(d, high_halves(p, q), high_halves(u, v));
  }
  if (t < count) {
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
