#include "quantize.h"

void dw_quantize(const dw_quantize_call* call, const float* input, int8_t* output) {
  int32_t i;
  for (i = 0; i < call->count; ++i) output[i] = dw_round(input[i] / call->scale, &call->output);
}
