/* Words of four bytes, for the processors that have SXTB16 and SMLAD. */
#ifndef DURWARD_WORD_DSP_H
#define DURWARD_WORD_DSP_H

#include <arm_acle.h>
#include <stdint.h>

/* Need not be aligned. */
static inline uint32_t dw_load_word(const int8_t* from) {
  uint32_t word;
  __builtin_memcpy(&word, from, sizeof(word));
  return word;
}

/* Bytes 0 and 2, or bytes 1 and 3, as two int16. */
static inline int16x2_t dw_even_bytes(uint32_t word) { return __sxtb16(word); }
static inline int16x2_t dw_odd_bytes(uint32_t word) {
  int16x2_t result; /* the compiler does not put the turn into the instruction by itself */
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(word));
  return result;
}

#endif
