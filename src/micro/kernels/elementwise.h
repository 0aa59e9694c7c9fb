/* Functions of one int8 element. */
#ifndef DURWARD_ELEMENTWISE_H
#define DURWARD_ELEMENTWISE_H

#include "durward_kernel.h"

/* output[i] = table[input[i] + 128] */
void dw_lookup(const int8_t* table, int32_t count, const int8_t* input, int8_t* output);

/* round((input - zero_point) * multiplier of its channel and sign) over [rows, channels] */
typedef struct {
  const float* multiplier;
  const float* multiplier_negative;
  int32_t rows, channels, zero_point;
  dw_output output;
} dw_prelu_call;
void dw_prelu(const dw_prelu_call* call, const int8_t* input, int8_t* output);

#endif
