// The long short-term memory in float.
#pragma once

#include <cstddef>

#include "engine/kernels/geometry.h"

namespace durward {

// For each step and sequence, from hidden state h and cell c:
//   i, f, g, o = (0 + products with weights, in their order, + bias) + (0 + products of h with
//   recurrent), sigmoid of i, f, o and tanh of g
//   c = f * c + i * g, h = o * tanh(c), each product and sum rounded to float
// with the functions of kernels/gates.h. A sequence sees nothing of the others in the batch.
struct LstmFloat {
  RecurrentGeometry geometry;
  bool returns_cell = false;
  const float* weights = nullptr;         // [4 * hidden, inputs], gates i, f, g, o
  const float* recurrent = nullptr;       // [4 * hidden, hidden]
  const float* bias = nullptr;            // [4 * hidden] or nullptr
  const float* initial_hidden = nullptr;  // [batch, hidden]; nullptr: zeros
  const float* initial_cell = nullptr;    // likewise
};

[[nodiscard]] size_t lstm_float_scratch_bytes(const RecurrentGeometry& geometry);
// output: [steps, batch, hidden], and behind it the last cell [batch, hidden] where asked for.
void lstm_float(const LstmFloat& lstm, const float* input, float* output,
                std::byte* scratch) noexcept;

}  // namespace durward
