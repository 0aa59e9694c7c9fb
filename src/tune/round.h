// The engine's rounding as differentiable functions of libtorch.
//
// An activation is a tensor of codes, int8 minus zero point, held in floats: whole numbers, so that
// convolutions and sums of them are exact in any order, and what is rounded here are the same bits
// as in the engine. Gradients pass through rounding unchanged and stop where a value was clamped,
// which with the scales as factors of the multipliers gives those of learned step sizes (Esser et
// al., "Learned Step Size Quantization", ICLR 2020).
#pragma once

#include "tune/torch.h"

namespace durward {

// Codes are clamped to lowest..highest, whole numbers.
struct CodeRange {
  float lowest = 0, highest = 0;
};

// To the nearest whole number, ties to even.
[[nodiscard]] at::Tensor round_through(const at::Tensor& x);

// requantize() of kernels/requantize.h: accumulator [N,C,H,W] times multiplier [C], or
// multiplier_negative [C] where it is below zero.
[[nodiscard]] at::Tensor requantize_through(const at::Tensor& accumulator,
                                            const at::Tensor& multiplier,
                                            const at::Tensor& multiplier_negative, CodeRange range);

// The sum of two activations of one shape: a * multiplier_a + b * multiplier_b, the factors
// scalars.
[[nodiscard]] at::Tensor add_through(const at::Tensor& a, const at::Tensor& b,
                                     const at::Tensor& multiplier_a, const at::Tensor& multiplier_b,
                                     CodeRange range);

// Rows of unit length, with the bits of l2_normalize_float(): x [N, dimensions].
[[nodiscard]] at::Tensor l2_normalize_through(const at::Tensor& x, float epsilon);

}  // namespace durward
