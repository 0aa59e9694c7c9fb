#include "pool.h"

static void largest_of(const int8_t* from, int32_t channels, int8_t* to) {
  int32_t c;
  for (c = 0; c < channels; ++c) to[c] = from[c] > to[c] ? from[c] : to[c];
}

void dw_max_pool(const dw_pool* p, const int8_t* input, int8_t* output) {
  int32_t y, x, r, s;
  for (y = 0; y < p->out_h; ++y) {
    for (x = 0; x < p->out_w; ++x, output += p->channels) {
      const dw_pool_window w = dw_window_at(p, y, x);
      dw_fill_bytes(output, -128, p->channels);
      for (r = w.top; r < w.bottom; ++r) {
        for (s = w.left; s < w.right; ++s) {
          largest_of(input + (r * p->in_w + s) * p->channels, p->channels, output);
        }
      }
    }
  }
}
