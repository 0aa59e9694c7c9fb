#include <cstdint>

#include "engine/kernels/floats_scalar.h"
#include "engine/kernels/fully_connected/fully_connected.h"
#include "engine/kernels/gates.h"
#include "engine/kernels/gru/gru.h"

namespace durward {
namespace {

using Scalar = Gates<FloatsScalar>;

// r of all sequences, in place of its sum of products in `recurrent`, and from the hidden state
// what the candidate's products are of without linear_before_reset.
void reset(const GruFloat& gru, const float* gates, const float* hidden, float* recurrent,
           float* kept) {
  const RecurrentGeometry& g = gru.geometry;
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t k = 0; k < g.hidden; ++k) {
      const int64_t at = n * 3 * g.hidden + k, state = n * g.hidden + k;
      recurrent[at] = Scalar::sigmoid(gates[at] + recurrent[at]);
      kept[state] = recurrent[at] * hidden[state];
    }
  }
}

// `candidate`: the candidate's recurrent sums [batch, hidden], each row `row` floats on.
void finish(const GruFloat& gru, const float* gates, const float* recurrent, const float* candidate,
            int64_t row, const float* hidden, float* output) {
  const RecurrentGeometry& g = gru.geometry;
  for (int64_t n = 0; n < g.batch; ++n) {
    const float* own = gates + n * 3 * g.hidden;
    const float* state = recurrent + n * 3 * g.hidden;
    for (int64_t k = 0; k < g.hidden; ++k) {
      const float update = Scalar::sigmoid(own[g.hidden + k] + state[g.hidden + k]);
      float sum = candidate[n * row + k];
      if (gru.linear_before_reset) sum = state[k] * sum;
      const float fresh = Scalar::tanh(own[2 * g.hidden + k] + sum);
      const int64_t at = n * g.hidden + k;
      output[at] = (1.0f - update) * fresh + update * hidden[at];
    }
  }
}

}  // namespace

size_t gru_float_scratch_bytes(const RecurrentGeometry& g) {
  // Two products, the candidate's of the reset state, that state, and one to begin with.
  return static_cast<size_t>(g.batch * g.hidden * (3 + 3 + 1 + 1 + 1)) * sizeof(float);
}

void gru_float(const GruFloat& gru, const float* input, float* output,
               std::byte* scratch) noexcept {
  const RecurrentGeometry& g = gru.geometry;
  const int64_t states = g.batch * g.hidden, rows = 3 * g.hidden;
  const float* recurrent_bias = gru.bias == nullptr ? nullptr : gru.bias + rows;
  auto* gates = reinterpret_cast<float*>(scratch);
  float* recurrent = gates + 3 * states;
  float* candidate = recurrent + 3 * states;
  float* kept = candidate + states;
  float* hidden = kept + states;
  for (int64_t i = 0; i < states; ++i) {
    hidden[i] = gru.initial_hidden == nullptr ? 0.0f : gru.initial_hidden[i];
  }
  for (int64_t number = 0; number < g.steps; ++number) {
    const int64_t t = g.step(number);
    float* result = output + t * states;
    fully_connected_float({g.batch, g.inputs, rows, gru.weights, gru.bias, {}},
                          input + t * g.batch * g.inputs, gates);
    fully_connected_float({g.batch, g.hidden, rows, gru.recurrent, recurrent_bias, {}}, hidden,
                          recurrent);
    reset(gru, gates, hidden, recurrent, kept);
    if (gru.linear_before_reset) {
      finish(gru, gates, recurrent, recurrent + 2 * g.hidden, rows, hidden, result);
    } else {
      const float* bias = recurrent_bias == nullptr ? nullptr : recurrent_bias + 2 * g.hidden;
      const float* weights = gru.recurrent + 2 * g.hidden * g.hidden;
      fully_connected_float({g.batch, g.hidden, g.hidden, weights, bias, {}}, kept, candidate);
      finish(gru, gates, recurrent, candidate, g.hidden, hidden, result);
    }
    hidden = result;
  }
}

}  // namespace durward
