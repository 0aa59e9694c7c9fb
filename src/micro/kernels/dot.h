/* Inner products of two pixels with the weights of each output channel. */
#ifndef DURWARD_DOT_H
#define DURWARD_DOT_H

#include "durward_kernel.h"

/* sums0[o] = sum over k of weights[o * depth + k] * x0[k], and sums1 of x1. Exact modulo 2^32. */
void dw_dot_rows(const int8_t* weights, int32_t channels, int32_t depth, const int8_t* x0,
                 const int8_t* x1, int32_t* sums0, int32_t* sums1);

#endif
