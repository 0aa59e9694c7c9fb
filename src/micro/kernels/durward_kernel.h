/* What the kernels share: which instructions they use, and how a float becomes an int8.
 *
 * C99, no library but what <stdint.h> and <stddef.h> define. The arithmetic is that of Durward's
 * engine, bit for bit (docs/numerics.md there): float32, rounded to nearest even, a product and a
 * sum never contracted into one rounding. Build with -ffp-contract=off and without -ffast-math. */
#ifndef DURWARD_KERNEL_H
#define DURWARD_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__FAST_MATH__)
#error "-ffast-math changes the results: leave it out"
#endif
#if defined(__clang__) || !defined(__GNUC__)
#pragma STDC FP_CONTRACT OFF
#endif

/* The instructions of the kernels: those of the processor that is compiled for, or, with
 * -DDURWARD_PORTABLE, what any has. What does better with them is in files of its own, NAME_dsp and
 * NAME_mve beside NAME: all can be compiled, and those of other processors have no code then. */
#define DURWARD_USES_C 0
#define DURWARD_USES_DSP 1 /* two products at once: Cortex-M4, M7, M33 */
#define DURWARD_USES_MVE 2 /* vectors of 16 bytes, Helium: Cortex-M55, M85 */
#if defined(DURWARD_PORTABLE)
#define DURWARD_KERNELS DURWARD_USES_C
#elif defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)
#define DURWARD_KERNELS DURWARD_USES_MVE
#elif defined(__ARM_FEATURE_DSP) && defined(__ARM_FP) && (__ARM_FP & 4)
#define DURWARD_KERNELS DURWARD_USES_DSP
#else
#define DURWARD_KERNELS DURWARD_USES_C
#endif

/* Where floats are functions of the compiler's, as on Cortex-M3, what is computed most often is
 * done in integers instead, with the same result: NAME_soft. */
#if defined(__arm__) && !(defined(__ARM_FP) && (__ARM_FP & 4)) && !defined(DURWARD_PORTABLE)
#define DURWARD_SOFT_FLOAT 1
#elif !defined(DURWARD_SOFT_FLOAT)
#define DURWARD_SOFT_FLOAT 0
#endif

/* The range of an int8 result, less its zero point. */
typedef struct {
  float low, high;
  int32_t zero_point;
} dw_output;

/* `steps` rounded to the nearest integer, ties to even, within the range. NaN gives the lowest. */
static inline int8_t dw_round(float steps, const dw_output* output) {
  union {
    float value;
    int32_t bits;
  } rounded;
  float clamped = steps > output->low ? steps : output->low;
  clamped = clamped < output->high ? clamped : output->high;
  /* 1.5 * 2^23 has a unit of 1 in its last place. */
  rounded.value = clamped + 12582912.0f;
  return (int8_t)(rounded.bits - 0x4b400000 + output->zero_point);
}

static inline void dw_copy_bytes(int8_t* to, const int8_t* from, int32_t count) {
  int32_t i;
  for (i = 0; i < count; ++i) to[i] = from[i];
}

static inline void dw_fill_bytes(int8_t* to, int8_t value, int32_t count) {
  int32_t i;
  for (i = 0; i < count; ++i) to[i] = value;
}

#endif
