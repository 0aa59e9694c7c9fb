#include "resize.h"

void dw_resize_nearest(const dw_resize* r, const int8_t* input, int8_t* output) {
  int32_t y, x;
  for (y = 0; y < r->out_h; ++y) {
    for (x = 0; x < r->out_w; ++x, output += r->channels) {
      const int32_t pixel = r->rows[y].low * r->in_w + r->columns[x].low;
      dw_copy_bytes(output, input + pixel * r->channels, r->channels);
    }
  }
}
