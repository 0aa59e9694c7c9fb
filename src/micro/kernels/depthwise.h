/* Depthwise convolution, int8, NHWC: output channel c * m + i filters input channel c. */
#ifndef DURWARD_DEPTHWISE_H
#define DURWARD_DEPTHWISE_H

#include "conv2d.h"

typedef struct {
  const int8_t* weights;    /* [kernel_h, kernel_w, out_c] */
  dw_requantize requantize; /* the bias as dw_conv2d_layer has it */
  int32_t in_w, in_c, out_w, out_c, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t pad_left;
  int8_t zero_point; /* of the input */
} dw_depthwise_layer;

/* `scratch` has a pointer for each of kernel_h * kernel_w taps, 4 * (out_c + 7) and in_c bytes, at
 * a multiple of 8. */
void dw_depthwise(const dw_depthwise_layer* layer, const dw_rows* rows, const int8_t* input,
                  const int8_t* addend, int8_t* output, void* scratch);

/* sums[c] = sum over the taps of taps[t][c] * weights[t * channels + c]; writes up to the next
 * multiple of 8 sums. */
void dw_depthwise_sums(const int8_t* const* taps, int32_t count, const int8_t* weights,
                       int32_t channels, int32_t* sums);

#endif
