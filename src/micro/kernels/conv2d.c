#include "conv2d.h"

#include "dot.h"

typedef struct {
  const dw_conv2d_layer* layer;
  const dw_rows* rows;
  const int8_t* input;
} conv2d_image;

/* One row of a window, at column `left` of row `y`; the zero point where it is outside. */
static void gather_row(const conv2d_image* image, int32_t y, int32_t left, int32_t group,
                       int8_t* to) {
  const dw_conv2d_layer* l = image->layer;
  const int32_t channels = l->in_c / l->groups;
  const int8_t* from = image->input + y * l->in_w * l->in_c + group * channels;
  int32_t kx;
  if (y < 0 || y >= image->rows->in_h) {
    dw_fill_bytes(to, l->zero_point, l->kernel_w * channels);
    return;
  }
  if (left >= 0 && left + l->kernel_w <= l->in_w && l->dilation_w == 1 && l->groups == 1) {
    dw_copy_bytes(to, from + left * channels, l->kernel_w * channels);
    return;
  }
  for (kx = 0; kx < l->kernel_w; ++kx, to += channels) {
    const int32_t x = left + kx * l->dilation_w;
    if (x < 0 || x >= l->in_w) {
      dw_fill_bytes(to, l->zero_point, channels);
    } else {
      dw_copy_bytes(to, from + x * l->in_c, channels);
    }
  }
}

/* What is under the window of an output pixel, in the order of the weights: in the input where it
 * lies so, else gathered in `room`. */
static const int8_t* window_of(const conv2d_image* image, int32_t pixel, int32_t group,
                               int8_t* room) {
  const dw_conv2d_layer* l = image->layer;
  const int32_t top = pixel / l->out_w * l->stride_h - image->rows->pad_top;
  const int32_t left = pixel % l->out_w * l->stride_w - l->pad_left;
  const int32_t row = l->kernel_w * (l->in_c / l->groups);
  const int one_row = l->kernel_h == 1 && (l->kernel_w == 1 || l->dilation_w == 1);
  int32_t ky;
  if (one_row && l->groups == 1 && top >= 0 && top < image->rows->in_h && left >= 0 &&
      left + l->kernel_w <= l->in_w) {
    return image->input + (top * l->in_w + left) * l->in_c;
  }
  for (ky = 0; ky < l->kernel_h; ++ky) {
    gather_row(image, top + ky * l->dilation_h, left, group, room + ky * row);
  }
  return room;
}

static void finish(const dw_conv2d_layer* l, int32_t pixel, int32_t group, const int32_t* sums,
                   const int8_t* addend, int8_t* output) {
  const int32_t channels = l->out_c / l->groups, first = group * channels;
  const int32_t at = pixel * l->out_c + first;
  dw_requantize_row(&l->requantize, first, channels, sums, addend == NULL ? NULL : addend + at,
                    output + at);
}

void dw_conv2d(const dw_conv2d_layer* l, const dw_rows* rows, const int8_t* input,
               const int8_t* addend, int8_t* output, void* scratch) {
  const int32_t channels = l->out_c / l->groups;
  const int32_t depth = l->kernel_h * l->kernel_w * (l->in_c / l->groups);
  const int32_t pixels = rows->out_h * l->out_w;
  int32_t* const sums = (int32_t*)scratch;
  int8_t* const room = (int8_t*)(sums + 2 * l->out_c);
  conv2d_image image;
  int32_t pixel, group;
  image.layer = l;
  image.rows = rows;
  image.input = input;
  for (pixel = 0; pixel < pixels; pixel += 2) {
    const int two = pixel + 1 < pixels;
    for (group = 0; group < l->groups; ++group) {
      const int8_t* x0 = window_of(&image, pixel, group, room);
      const int8_t* x1 = two ? window_of(&image, pixel + 1, group, room + depth) : x0;
      dw_dot_rows(l->weights + group * channels * depth, channels, depth, x0, x1, sums,
                  sums + l->out_c);
      finish(l, pixel, group, sums, addend, output);
      if (two) finish(l, pixel + 1, group, sums + l->out_c, addend, output);
    }
  }
}
