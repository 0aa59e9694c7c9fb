/* From the sums of a layer to its int8 results: bias, multiplier by sign, rounding, and an addition
 * that is fused behind the layer. */
#ifndef DURWARD_REQUANTIZE_H
#define DURWARD_REQUANTIZE_H

#include "durward_kernel.h"

/* result = round((result - zero_point) * multiplier + (addend - addend_zero_point) *
 * addend_multiplier), the products and the sum each rounded once. */
typedef struct {
  int32_t zero_point, addend_zero_point;
  float multiplier, addend_multiplier;
  dw_output output;
} dw_fused_add;

static inline int8_t dw_with_addend(const dw_fused_add* add, int8_t result, int8_t addend) {
  const float own = (float)(result - add->zero_point) * add->multiplier;
  const float other = (float)(addend - add->addend_zero_point) * add->addend_multiplier;
  return dw_round(own + other, &add->output);
}

typedef struct {
  const int32_t* bias;              /* [channels] */
  const float* multiplier;          /* [channels], of sums that are not negative */
  const float* multiplier_negative; /* [channels], of those that are: a fused PReLU */
  const dw_fused_add* add;          /* NULL where there is none */
  dw_output output;
} dw_requantize;

/* The results of `count` channels from `first` on: sums[i], addend[i] and to[i] are channel
 * first + i's; `addend` is read where an addition is fused. */
void dw_requantize_row(const dw_requantize* how, int32_t first, int32_t count, const int32_t* sums,
                       const int8_t* addend, int8_t* to);

#endif
