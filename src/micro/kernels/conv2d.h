/* Convolution, int8, NHWC, with groups, strides, dilation and padding; a fully connected layer is
 * one whose image is a row of pixels. */
#ifndef DURWARD_CONV2D_H
#define DURWARD_CONV2D_H

#include "requantize.h"

typedef struct {
  const int8_t* weights; /* [out_c, kernel_h, kernel_w, in_c / groups] */
  /* The bias less the input's zero point times the sum of the channel's weights: so zero points
   * need no arithmetic, and padding reads as the zero point. */
  dw_requantize requantize;
  int32_t in_w, in_c, out_w, out_c, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t pad_left, groups;
  int8_t zero_point; /* of the input */
} dw_conv2d_layer;

/* Rows of an image: all of it, or as many as are held. */
typedef struct {
  int32_t in_h, out_h, pad_top;
} dw_rows;

/* `scratch` has 8 * out_c + 2 * depth bytes at a multiple of 4; depth is kernel_h * kernel_w * in_c
 * / groups. `addend`, read where an addition is fused, lies as the output does. */
void dw_conv2d(const dw_conv2d_layer* layer, const dw_rows* rows, const int8_t* input,
               const int8_t* addend, int8_t* output, void* scratch);

#endif
