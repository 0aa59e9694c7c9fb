// The LSTM for vectors F of floats over the products of a convolution kernel of the same
// instruction set. For the files that are compiled for an instruction set alone.
#pragma once

#include "engine/kernels/gates.h"
#include "engine/kernels/lstm/float_kernels.h"
#include "engine/kernels/recurrent_vectors.h"

namespace durward {
namespace {

inline Conv2DFloat lstm_input_product(const LstmFloat& lstm, int64_t rows) {
  const RecurrentGeometry& g = lstm.geometry;
  return product_of(rows, g.inputs, 4 * g.hidden, lstm.weights, lstm.bias);
}
inline Conv2DFloat lstm_state_product(const LstmFloat& lstm) {
  const RecurrentGeometry& g = lstm.geometry;
  return product_of(g.batch, g.hidden, 4 * g.hidden, lstm.recurrent, nullptr);
}

// One sequence's step: gates and recurrent are [4, hidden].
template <typename F>
void lstm_step(int64_t hidden, const float* gates, const float* recurrent, float* cell,
               float* output) {
  using G = Gates<F>;
  for (int64_t k = 0; k < hidden; k += F::kLanes) {
    const int64_t left = hidden - k;
    const auto sum = [=](int64_t gate) {
      const int64_t at = gate * hidden + k;
      return F::add(load_lanes<F>(gates + at, left), load_lanes<F>(recurrent + at, left));
    };
    const auto input = G::sigmoid(sum(0));
    const auto forget = G::sigmoid(sum(1));
    const auto candidate = G::tanh(sum(2));
    const auto shown = G::sigmoid(sum(3));
    const auto next =
        F::add(F::mul(forget, load_lanes<F>(cell + k, left)), F::mul(input, candidate));
    store_lanes<F>(cell + k, next, left);
    store_lanes<F>(output + k, F::mul(shown, G::tanh(next)), left);
  }
}

template <typename F, const Conv2DFloatKernel& kProducts>
struct LstmSteps {
  static bool takes(const LstmFloat&) noexcept { return true; }

  static size_t packed_bytes(const LstmFloat& lstm) noexcept {
    return packed_size(kProducts, lstm_input_product(lstm, 1)) +
           packed_size(kProducts, lstm_state_product(lstm));
  }
  static void pack(const LstmFloat& lstm, std::byte* packed) noexcept {
    const Conv2DFloat input = lstm_input_product(lstm, 1);
    kProducts.pack(input, packed);
    kProducts.pack(lstm_state_product(lstm), packed + packed_size(kProducts, input));
  }

  static size_t scratch_bytes(const LstmFloat& lstm) noexcept {
    const RecurrentGeometry& g = lstm.geometry;
    // The block's gates, the state's products, a hidden state and a cell to begin with.
    const int64_t rows = 4 * (block_steps(g) + 1) + 2;
    return static_cast<size_t>(rows * g.batch * g.hidden) * sizeof(float);
  }

  static void run(const LstmFloat& lstm, const std::byte* packed,
                  const FloatOperands& operands) noexcept {
    const RecurrentGeometry& g = lstm.geometry;
    const int64_t states = g.batch * g.hidden, block = block_steps(g);
    const std::byte* packed_state = packed + packed_size(kProducts, lstm_input_product(lstm, 1));
    const Conv2DFloat state_product = lstm_state_product(lstm);
    auto* gates = reinterpret_cast<float*>(operands.scratch);
    float* recurrent = gates + 4 * block * states;
    float* hidden = recurrent + 4 * states;
    float* cell = lstm.returns_cell ? operands.output + g.steps * states : hidden + states;
    copy_state(lstm.initial_hidden, states, hidden);
    copy_state(lstm.initial_cell, states, cell);
    for (int64_t first = 0; first < g.steps; first += block) {
      const int64_t count = block < g.steps - first ? block : g.steps - first;
      const int64_t begin = block_begin(g, first, count);
      kProducts.run(lstm_input_product(lstm, count * g.batch), packed,
                    {operands.input + begin * g.batch * g.inputs, gates, nullptr});
      for (int64_t i = 0; i < count; ++i) {
        const int64_t step = g.reverse ? count - 1 - i : i;
        const float* own = gates + step * 4 * states;
        float* result = operands.output + (begin + step) * states;
        kProducts.run(state_product, packed_state, {hidden, recurrent, nullptr});
        for (int64_t n = 0; n < g.batch; ++n) {
          const int64_t at = n * g.hidden;
          lstm_step<F>(g.hidden, own + 4 * at, recurrent + 4 * at, cell + at, result + at);
        }
        hidden = result;
      }
    }
  }

  static constexpr LstmFloatKernel kernel(Isa isa) {
    return {isa, takes, packed_bytes, pack, scratch_bytes, run};
  }
};

}  // namespace
}  // namespace durward
