/* Four elements of a word at a time: two products and their sum are one instruction, SMLAD. */
#ifndef DURWARD_DOT_DSP_H
#define DURWARD_DOT_DSP_H

#include "word_dsp.h"

typedef struct {
  int16x2_t even, odd;
} four_bytes;

static inline four_bytes load_four(const int8_t* from) {
  const uint32_t word = dw_load_word(from);
  four_bytes result;
  result.even = dw_even_bytes(word);
  result.odd = dw_odd_bytes(word);
  return result;
}

static inline int32_t accumulate(int32_t sum, four_bytes a, four_bytes b) {
  return __smlad(a.odd, b.odd, __smlad(a.even, b.even, sum));
}

/* Two channels with two pixels: each word that is read serves twice. */
static inline void two_channels(const int8_t* w0, const int8_t* w1, int32_t depth, const int8_t* x0,
                                const int8_t* x1, int32_t sums[4]) {
  const int8_t* const end = w0 + (depth & ~3);
  int32_t a = 0, b = 0, c = 0, d = 0, k;
  while (w0 != end) {
    const four_bytes u = load_four(w0), v = load_four(w1);
    four_bytes x = load_four(x0);
    a = accumulate(a, u, x);
    c = accumulate(c, v, x);
    x = load_four(x1);
    b = accumulate(b, u, x);
    d = accumulate(d, v, x);
    w0 += 4;
    w1 += 4;
    x0 += 4;
    x1 += 4;
  }
  for (k = 0; k < (depth & 3); ++k) {
    a += w0[k] * x0[k];
    b += w0[k] * x1[k];
    c += w1[k] * x0[k];
    d += w1[k] * x1[k];
  }
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
}

#endif
