#include "binary.h"

void dw_mul(const dw_mul_call* call, const int8_t* a, const int8_t* b, int8_t* output) {
  const dw_dimension* row = dw_row(&call->loop);
  dw_walk walk;
  int32_t i;
  dw_begin(&walk, &call->loop);
  do {
    for (i = 0; i < row->size; ++i) {
      const int32_t x = a[walk.a + i * row->stride_a] - call->zero_point_a;
      const int32_t y = b[walk.b + i * row->stride_b] - call->zero_point_b;
      *output++ = dw_round((float)(x * y) * call->multiplier, &call->output);
    }
  } while (dw_next(&walk));
}
