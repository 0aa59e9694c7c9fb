#ifndef DURWARD_SOFTMAX_H
#define DURWARD_SOFTMAX_H

#include "axis.h"

/* round(entry * (inverse_output_scale / sum of the entries)), an entry for each element by its
 * distance from the largest. */
typedef struct {
  dw_axis axis;
  const int32_t* table; /* [256] */
  float inverse_output_scale;
  dw_output output;
} dw_softmax_call;
void dw_softmax(const dw_softmax_call* call, const int8_t* input, int8_t* output);

#endif
