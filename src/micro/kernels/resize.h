/* Resizing of one int8 image, NHWC. */
#ifndef DURWARD_RESIZE_H
#define DURWARD_RESIZE_H

#include "durward_kernel.h"

/* A coordinate of the output lies `fraction` of the way from `low` to `high` of the input. */
typedef struct {
  int32_t low, high;
  float fraction;
} dw_tap;

typedef struct {
  const dw_tap* rows;    /* [out_h] */
  const dw_tap* columns; /* [out_w] */
  int32_t in_w, out_h, out_w, channels;
} dw_resize;

void dw_resize_nearest(const dw_resize* resize, const int8_t* input, int8_t* output);

/* Columns first, then rows, each a + (b - a) * fraction in float; then round(result * multiplier)
 */
typedef struct {
  dw_resize resize;
  int32_t zero_point;
  float multiplier;
  dw_output output;
} dw_resize_linear_call;
void dw_resize_linear(const dw_resize_linear_call* call, const int8_t* input, int8_t* output);

#endif
