#include <cstdint>

#include "engine/kernels/floats_scalar.h"
#include "engine/kernels/fully_connected/fully_connected.h"
#include "engine/kernels/gates.h"
#include "engine/kernels/lstm/lstm.h"

namespace durward {
namespace {

void copy_state(const float* state, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = state == nullptr ? 0.0f : state[i];
}

// One sequence's step: gates and recurrent are [4, hidden].
void step(int64_t hidden, const float* gates, const float* recurrent, float* cell, float* output) {
  using Scalar = Gates<FloatsScalar>;
  const auto sum = [=](int64_t gate, int64_t k) {
    return gates[gate * hidden + k] + recurrent[gate * hidden + k];
  };
  for (int64_t k = 0; k < hidden; ++k) {
    const float input = Scalar::sigmoid(sum(0, k));
    const float forget = Scalar::sigmoid(sum(1, k));
    const float candidate = Scalar::tanh(sum(2, k));
    const float shown = Scalar::sigmoid(sum(3, k));
    cell[k] = forget * cell[k] + input * candidate;
    output[k] = shown * Scalar::tanh(cell[k]);
  }
}

}  // namespace

size_t lstm_float_scratch_bytes(const RecurrentGeometry& g) {
  // Two products, and a hidden state and a cell to begin with.
  return static_cast<size_t>(g.batch * g.hidden * (4 + 4 + 1 + 1)) * sizeof(float);
}

void lstm_float(const LstmFloat& lstm, const float* input, float* output,
                std::byte* scratch) noexcept {
  const RecurrentGeometry& g = lstm.geometry;
  const int64_t states = g.batch * g.hidden;
  auto* gates = reinterpret_cast<float*>(scratch);
  float* recurrent = gates + 4 * states;
  float* hidden = recurrent + 4 * states;
  float* cell = lstm.returns_cell ? output + g.steps * states : hidden + states;
  copy_state(lstm.initial_hidden, states, hidden);
  copy_state(lstm.initial_cell, states, cell);
  for (int64_t number = 0; number < g.steps; ++number) {
    const int64_t t = g.step(number);
    float* result = output + t * states;
    fully_connected_float({g.batch, g.inputs, 4 * g.hidden, lstm.weights, lstm.bias, {}},
                          input + t * g.batch * g.inputs, gates);
    fully_connected_float({g.batch, g.hidden, 4 * g.hidden, lstm.recurrent, nullptr, {}}, hidden,
                          recurrent);
    for (int64_t n = 0; n < g.batch; ++n) {
      const int64_t first = n * g.hidden;
      step(g.hidden, gates + 4 * first, recurrent + 4 * first, cell + first, result + first);
    }
    hidden = result;
  }
}

}  // namespace durward
