#include "quantize.h"

void dw_dequantize(const dw_dequantize_call* call, const int8_t* input, float* output) {
  int32_t o, c, i;
  for (o = 0; o < call->outer; ++o) {
    for (c = 0; c < call->channels; ++c) {
      for (i = 0; i < call->inner; ++i) {
        *output++ = (float)(*input++ - call->zero_points[c]) * call->scales[c];
      }
    }
  }
}
