#include "binary.h"

void dw_maximum(const dw_loop* loop, const int8_t* a, const int8_t* b, int8_t* output) {
  const dw_dimension* row = dw_row(loop);
  dw_walk walk;
  int32_t i;
  dw_begin(&walk, loop);
  do {
    for (i = 0; i < row->size; ++i) {
      const int8_t x = a[walk.a + i * row->stride_a], y = b[walk.b + i * row->stride_b];
      *output++ = x > y ? x : y;
    }
  } while (dw_next(&walk));
}

void dw_minimum(const dw_loop* loop, const int8_t* a, const int8_t* b, int8_t* output) {
  const dw_dimension* row = dw_row(loop);
  dw_walk walk;
  int32_t i;
  dw_begin(&walk, loop);
  do {
    for (i = 0; i < row->size; ++i) {
      const int8_t x = a[walk.a + i * row->stride_a], y = b[walk.b + i * row->stride_b];
      *output++ = x < y ? x : y;
    }
  } while (dw_next(&walk));
}
