#include "reduce.h"

void dw_reduce_max(const dw_reduce_call* call, const int8_t* input, int8_t* output) {
  const dw_dimension* row = dw_row(&call->loop);
  dw_walk walk;
  int32_t i;
  dw_fill_bytes(output, -128, call->outputs);
  dw_begin(&walk, &call->loop);
  do {
    for (i = 0; i < row->size; ++i) {
      const int8_t value = input[walk.a + i * row->stride_a];
      int8_t* const largest = output + walk.b + i * row->stride_b;
      if (value > *largest) *largest = value;
    }
  } while (dw_next(&walk));
}

void dw_reduce_min(const dw_reduce_call* call, const int8_t* input, int8_t* output) {
  const dw_dimension* row = dw_row(&call->loop);
  dw_walk walk;
  int32_t i;
  dw_fill_bytes(output, 127, call->outputs);
  dw_begin(&walk, &call->loop);
  do {
    for (i = 0; i < row->size; ++i) {
      const int8_t value = input[walk.a + i * row->stride_a];
      int8_t* const smallest = output + walk.b + i * row->stride_b;
      if (value < *smallest) *smallest = value;
    }
  } while (dw_next(&walk));
}
