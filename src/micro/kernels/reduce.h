/* Reductions of int8 over any axes: operand a of the loop is the input, b the output, with a stride
 * of 0 along the axes that are reduced. */
#ifndef DURWARD_REDUCE_H
#define DURWARD_REDUCE_H

#include "loop.h"

/* round(sum of (input - zero_point) * multiplier); `scratch` has 4 * outputs bytes at a multiple
 * of 4. */
typedef struct {
  dw_loop loop;
  int32_t outputs, zero_point;
  float multiplier;
  dw_output output;
} dw_sum_call;
void dw_sum(const dw_sum_call* call, const int8_t* input, int8_t* output, void* scratch);

typedef struct {
  dw_loop loop;
  int32_t outputs;
} dw_reduce_call;
void dw_reduce_max(const dw_reduce_call* call, const int8_t* input, int8_t* output);
void dw_reduce_min(const dw_reduce_call* call, const int8_t* input, int8_t* output);

#endif
