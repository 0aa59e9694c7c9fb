/* With the floating-point unit's own conversion, which rounds to nearest even as it is set up. */
#include "requantize.h"

#if DURWARD_KERNELS == DURWARD_USES_DSP

#include <arm_acle.h>

typedef struct {
  int32_t low, high, zero_point; /* of dw_output, whose bounds are whole numbers */
} int_output;

static int_output int_output_of(const dw_output* output) {
  int_output result;
  result.low = (int32_t)output->low;
  result.high = (int32_t)output->high;
  result.zero_point = output->zero_point;
  return result;
}

/* Beyond int32 the conversion gives the nearest that there is, which the range then cuts. */
static inline int32_t round_within(float steps, const int_output* output) {
  int32_t rounded;
  __asm__("vcvtr.s32.f32 %0, %1" : "=t"(steps) : "t"(steps));
  __asm__("vmov %0, %1" : "=r"(rounded) : "t"(steps));
  rounded = rounded < output->low ? output->low : rounded;
  rounded = rounded > output->high ? output->high : rounded;
  return rounded;
}

static void add_row(const dw_fused_add* add, int32_t count, const int8_t* addend, int8_t* to) {
  const int_output output = int_output_of(&add->output);
  int32_t i;
  for (i = 0; i < count; ++i) {
    const float own = (float)(to[i] - add->zero_point) * add->multiplier;
    const float other = (float)(addend[i] - add->addend_zero_point) * add->addend_multiplier;
    to[i] = (int8_t)(round_within(own + other, &output) + output.zero_point);
  }
}

void dw_requantize_row(const dw_requantize* how, int32_t first, int32_t count, const int32_t* sums,
                       const int8_t* addend, int8_t* to) {
  const int_output output = int_output_of(&how->output);
  const int32_t* bias = how->bias + first;
  const float* positive = how->multiplier + first;
  const float* negative = how->multiplier_negative + first;
  int32_t i;
  for (i = 0; i < count; ++i) {
    const int32_t sum = sums[i] + bias[i];
    const float multiplier = sum < 0 ? negative[i] : positive[i];
    to[i] = (int8_t)(round_within((float)sum * multiplier, &output) + output.zero_point);
  }
  if (how->add != NULL) add_row(how->add, count, addend, to);
}

#endif
