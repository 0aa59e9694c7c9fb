/* Two int8 tensors, element by element, with broadcasting; the output is dense. */
#ifndef DURWARD_BINARY_H
#define DURWARD_BINARY_H

#include "loop.h"

/* round((a - zero_point_a) * multiplier_a + (b - zero_point_b) * multiplier_b) */
typedef struct {
  dw_loop loop;
  int32_t zero_point_a, zero_point_b;
  float multiplier_a, multiplier_b;
  dw_output output;
} dw_add_call;
void dw_add(const dw_add_call* call, const int8_t* a, const int8_t* b, int8_t* output);

/* round((a - zero_point_a) * (b - zero_point_b) * multiplier), the first product exact */
typedef struct {
  dw_loop loop;
  int32_t zero_point_a, zero_point_b;
  float multiplier;
  dw_output output;
} dw_mul_call;
void dw_mul(const dw_mul_call* call, const int8_t* a, const int8_t* b, int8_t* output);

void dw_maximum(const dw_loop* loop, const int8_t* a, const int8_t* b, int8_t* output);
void dw_minimum(const dw_loop* loop, const int8_t* a, const int8_t* b, int8_t* output);

#endif
