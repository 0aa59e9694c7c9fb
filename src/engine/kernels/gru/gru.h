// The gated recurrent unit in float.
#pragma once

#include <cstddef>

#include "engine/kernels/geometry.h"

namespace durward {

// For each step and sequence, from hidden state h, with W, R, b, d the parts for a gate of weights,
// recurrent and the bias's two halves:
//   r, z = sigmoid((W x + b) + (R h + d))
//   n = tanh((W x + b) + r * (R h + d)) with linear_before_reset, else
//   n = tanh((W x + b) + (R (r * h) + d))
//   h = (1 - z) * n + z * h
// A sum of products is 0 + the products in the weights' order, then + the bias; each operation is
// rounded to float; sigmoid and tanh are those of kernels/gates.h. A sequence sees nothing of the
// others in the batch.
struct GruFloat {
  RecurrentGeometry geometry;
  bool linear_before_reset = false;
  const float* weights = nullptr;         // [3 * hidden, inputs], gates r, z, n
  const float* recurrent = nullptr;       // [3 * hidden, hidden]
  const float* bias = nullptr;            // [2, 3 * hidden] or nullptr
  const float* initial_hidden = nullptr;  // [batch, hidden]; nullptr: zeros
};

[[nodiscard]] size_t gru_float_scratch_bytes(const RecurrentGeometry& geometry);
// output: [steps, batch, hidden]
void gru_float(const GruFloat& gru, const float* input, float* output, std::byte* scratch) noexcept;

}  // namespace durward
