// An integer LSTM as a differentiable function. Forwards it is the engine's own kernel, so that
// what training sees are the engine's bits. Backwards it is the LSTM in float that the integers
// stand for: rounding lets gradients pass unchanged, and where a table of a gate ends, its function
// is flat anyway.
#pragma once

#include "tune/torch.h"

namespace durward {

// Whole numbers in the ranges that the engine's kernel (kernels/lstm_int16) has, with what one step
// of each product stands for.
struct LstmParameters {
  at::Tensor weights;               // [4 * hidden, inputs]
  at::Tensor multiplier;            // [4 * hidden]: of a product of a weight and an input
  at::Tensor recurrent;             // [4 * hidden, hidden]
  at::Tensor recurrent_multiplier;  // [4 * hidden]
  at::Tensor bias;                  // [4 * hidden]
  bool wide_weights = false;        // `weights` have 16 bits instead of 8
  bool reverse = false;  // the last step is taken first; the hidden states stay in x's order
};

// The hidden state, [N, steps, hidden], in steps of 2^-15. `x`, [N, steps, inputs], is in floats
// where it has 16 bits, and in int32 where it has 32; those get no gradient.
[[nodiscard]] at::Tensor lstm_through(const at::Tensor& x, const LstmParameters& parameters);

// a [m, k] times the transpose of b [n, k]. libtorch's convolutions are faster than its matrix
// products where it is built with the reference BLAS.
[[nodiscard]] at::Tensor product_transposed(const at::Tensor& a, const at::Tensor& b);

}  // namespace durward
