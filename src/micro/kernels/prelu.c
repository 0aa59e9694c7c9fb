#include "elementwise.h"

void dw_prelu(const dw_prelu_call* call, const int8_t* input, int8_t* output) {
  int32_t r, c;
  for (r = 0; r < call->rows; ++r) {
    for (c = 0; c < call->channels; ++c) {
      const int32_t value = *input++ - call->zero_point;
      const float multiplier = value < 0 ? call->multiplier_negative[c] : call->multiplier[c];
      *output++ = dw_round((float)value * multiplier, &call->output);
    }
  }
}
