#include "depthwise.h"

/* Where the pixels under a window are; `outside`, a pixel of zero points, stands for the padding. */
static void find_taps(const dw_depthwise_layer* l, const dw_rows* rows, const int8_t* input,
                      int32_t top, int32_t left, const int8_t* outside, const int8_t** taps) {
  int32_t ky, kx;
  for (ky = 0; ky < l->kernel_h; ++ky) {
    const int32_t y = top + ky * l->dilation_h;
    for (kx = 0; kx < l->kernel_w; ++kx) {
      const int32_t x = left + kx * l->dilation_w;
      const int inside = y >= 0 && y < rows->in_h && x >= 0 && x < l->in_w;
      *taps++ = inside ? input + (y * l->in_w + x) * l->in_c : outside;
    }
  }
}

/* As dw_depthwise_sums where each input channel has several output channels. */
static void sums_of_several(const dw_depthwise_layer* l, const int8_t* const* taps, int32_t count,
                            int32_t* sums) {
  const int32_t multiplier = l->out_c / l->in_c;
  int32_t c, t;
  for (c = 0; c < l->out_c; ++c) {
    int32_t sum = 0;
    for (t = 0; t < count; ++t) sum += taps[t][c / multiplier] * l->weights[t * l->out_c + c];
    sums[c] = sum;
  }
}

void dw_depthwise(const dw_depthwise_layer* l, const dw_rows* rows, const int8_t* input,
                  const int8_t* addend, int8_t* output, void* scratch) {
  const int32_t count = l->kernel_h * l->kernel_w;
  const int8_t** const taps = (const int8_t**)scratch;
  int32_t* const sums = (int32_t*)(taps + count);
  int8_t* const outside = (int8_t*)(sums + l->out_c + 7);
  int32_t y, x;
  dw_fill_bytes(outside, l->zero_point, l->in_c);
  for (y = 0; y < rows->out_h; ++y) {
    for (x = 0; x < l->out_w; ++x) {
      find_taps(l, rows, input, y * l->stride_h - rows->pad_top, x * l->stride_w - l->pad_left,
                outside, taps);
      if (l->out_c == l->in_c) {
        dw_depthwise_sums(taps, count, l->weights, l->out_c, sums);
      } else {
        sums_of_several(l, taps, count, sums);
      }
      dw_requantize_row(&l->requantize, 0, l->out_c, sums, addend, output);
      output += l->out_c;
      if (addend != NULL) addend += l->out_c;
    }
  }
}
