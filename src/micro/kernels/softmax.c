#include "softmax.h"

static void one_vector(const dw_softmax_call* call, const int8_t* x, int8_t* y) {
  const int32_t length = call->axis.length, step = call->axis.inner;
  int32_t largest = -128, i;
  int64_t sum = 0;
  float steps;
  for (i = 0; i < length; ++i) largest = x[i * step] > largest ? x[i * step] : largest;
  for (i = 0; i < length; ++i) sum += call->table[largest - x[i * step]];
  steps = call->inverse_output_scale / (float)sum;
  for (i = 0; i < length; ++i) {
    y[i * step] = dw_round((float)call->table[largest - x[i * step]] * steps, &call->output);
  }
}

void dw_softmax(const dw_softmax_call* call, const int8_t* input, int8_t* output) {
  const dw_axis* axis = &call->axis;
  int32_t o, i;
  for (o = 0; o < axis->outer; ++o) {
    for (i = 0; i < axis->inner; ++i) {
      const int32_t first = o * axis->length * axis->inner + i;
      one_vector(call, input + first, output + first);
    }
  }
}
