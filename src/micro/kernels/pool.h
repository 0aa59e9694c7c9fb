/* Pooling, int8, NHWC, of one image; every window meets the image. */
#ifndef DURWARD_POOL_H
#define DURWARD_POOL_H

#include "durward_kernel.h"

typedef struct {
  int32_t in_h, in_w, channels, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w;
  int32_t pad_top, pad_left;
} dw_pool;

/* The part of a window that lies in the image. */
typedef struct {
  int32_t top, bottom, left, right;
} dw_pool_window;

static inline dw_pool_window dw_window_at(const dw_pool* p, int32_t y, int32_t x) {
  dw_pool_window w;
  w.top = y * p->stride_h - p->pad_top;
  w.left = x * p->stride_w - p->pad_left;
  w.bottom = w.top + p->kernel_h < p->in_h ? w.top + p->kernel_h : p->in_h;
  w.right = w.left + p->kernel_w < p->in_w ? w.left + p->kernel_w : p->in_w;
  if (w.top < 0) w.top = 0;
  if (w.left < 0) w.left = 0;
  return w;
}

void dw_max_pool(const dw_pool* pool, const int8_t* input, int8_t* output);

/* round(sum of (input - zero_point) * multiplier[number of elements averaged]); `scratch` has
 * 4 * channels bytes at a multiple of 4. */
typedef struct {
  dw_pool pool;
  const float* multiplier;
  int32_t zero_point;
  int32_t count_padding; /* 1: the padding is averaged, too */
  dw_output output;
} dw_average_pool_call;
void dw_average_pool(const dw_average_pool_call* call, const int8_t* input, int8_t* output,
                     void* scratch);

#endif
