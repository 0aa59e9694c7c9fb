#include "reduce.h"

void dw_sum(const dw_sum_call* call, const int8_t* input, int8_t* output, void* scratch) {
  const dw_dimension* row = dw_row(&call->loop);
  int32_t* const sums = (int32_t*)scratch;
  dw_walk walk;
  int32_t i;
  for (i = 0; i < call->outputs; ++i) sums[i] = 0;
  dw_begin(&walk, &call->loop);
  do {
    for (i = 0; i < row->size; ++i) {
      sums[walk.b + i * row->stride_b] +=
          input[walk.a + i * row->stride_a] - call->zero_point;
    }
  } while (dw_next(&walk));
  for (i = 0; i < call->outputs; ++i) {
    output[i] = dw_round((float)sums[i] * call->multiplier, &call->output);
  }
}
