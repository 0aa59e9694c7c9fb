#ifndef DURWARD_L2_NORMALIZE_H
#define DURWARD_L2_NORMALIZE_H

#include "axis.h"

/* round((x - zero_point) * (inverse_output_scale / root of the sum of their squares)) */
typedef struct {
  dw_axis axis;
  int32_t zero_point;
  float inverse_output_scale;
  dw_output output;
} dw_l2_normalize_call;
void dw_l2_normalize(const dw_l2_normalize_call* call, const int8_t* input, int8_t* output);

#endif
