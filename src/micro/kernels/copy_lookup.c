#include "copy.h"

void dw_copy_lookup(const dw_copy_call* call, const int8_t* table, const int8_t* input,
                    int8_t* output) {
  const dw_dimension* row = dw_row(&call->loop);
  dw_walk walk;
  int32_t i;
  input += call->first_a;
  output += call->first_b;
  dw_begin(&walk, &call->loop);
  do {
    for (i = 0; i < row->size; ++i) {
      output[walk.b + i * row->stride_b] = table[input[walk.a + i * row->stride_a] + 128];
    }
  } while (dw_next(&walk));
}
