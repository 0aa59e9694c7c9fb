#include "pool.h"

void dw_average_pool(const dw_average_pool_call* call, const int8_t* input, int8_t* output,
                     void* scratch) {
  const dw_pool* p = &call->pool;
  int32_t* const sums = (int32_t*)scratch;
  int32_t y, x, r, s, c;
  for (y = 0; y < p->out_h; ++y) {
    for (x = 0; x < p->out_w; ++x) {
      const dw_pool_window w = dw_window_at(p, y, x);
      const int32_t count = call->count_padding ? p->kernel_h * p->kernel_w
                                                : (w.bottom - w.top) * (w.right - w.left);
      for (c = 0; c < p->channels; ++c) sums[c] = 0;
      for (r = w.top; r < w.bottom; ++r) {
        for (s = w.left; s < w.right; ++s) {
          const int8_t* pixel = input + (r * p->in_w + s) * p->channels;
          for (c = 0; c < p->channels; ++c) sums[c] += pixel[c] - call->zero_point;
        }
      }
      for (c = 0; c < p->channels; ++c) {
        *output++ = dw_round((float)sums[c] * call->multiplier[count], &call->output);
      }
    }
  }
}
