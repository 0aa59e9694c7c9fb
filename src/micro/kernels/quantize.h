/* Between float and int8. */
#ifndef DURWARD_QUANTIZE_H
#define DURWARD_QUANTIZE_H

#include "durward_kernel.h"

/* round(input / scale), a true division */
typedef struct {
  float scale;
  int32_t count;
  dw_output output;
} dw_quantize_call;
void dw_quantize(const dw_quantize_call* call, const float* input, int8_t* output);

/* (input - zero point) * scale of the channel, over [outer, channels, inner] */
typedef struct {
  const float* scales;
  const int32_t* zero_points;
  int32_t outer, channels, inner;
} dw_dequantize_call;
void dw_dequantize(const dw_dequantize_call* call, const int8_t* input, float* output);

#endif
