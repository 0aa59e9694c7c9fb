#include "resize.h"

static float between(float a, float b, float fraction) {
  const float part = (b - a) * fraction;
  return a + part;
}

void dw_resize_linear(const dw_resize_linear_call* call, const int8_t* input, int8_t* output) {
  const dw_resize* r = &call->resize;
  int32_t y, x, i;
  for (y = 0; y < r->out_h; ++y) {
    const dw_tap* row = &r->rows[y];
    for (x = 0; x < r->out_w; ++x) {
      const dw_tap* column = &r->columns[x];
      const int8_t* a = input + (row->low * r->in_w + column->low) * r->channels;
      const int8_t* b = input + (row->low * r->in_w + column->high) * r->channels;
      const int8_t* c = input + (row->high * r->in_w + column->low) * r->channels;
      const int8_t* d = input + (row->high * r->in_w + column->high) * r->channels;
      for (i = 0; i < r->channels; ++i) {
        const float top = between((float)(a[i] - call->zero_point),
                                  (float)(b[i] - call->zero_point), column->fraction);
        const float bottom = between((float)(c[i] - call->zero_point),
                                     (float)(d[i] - call->zero_point), column->fraction);
        const float steps = between(top, bottom, row->fraction) * call->multiplier;
        *output++ = dw_round(steps, &call->output);
      }
    }
  }
}
