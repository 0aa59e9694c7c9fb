// The GRU for vectors F of floats over the products of a convolution kernel of the same
// instruction set. For the files that are compiled for an instruction set alone.
#pragma once

#include "engine/kernels/gates.h"
#include "engine/kernels/gru/float_kernels.h"
#include "engine/kernels/recurrent_vectors.h"

namespace durward {
namespace {

inline Conv2DFloat gru_input_product(const GruFloat& gru, int64_t rows) {
  const RecurrentGeometry& g = gru.geometry;
  return product_of(rows, g.inputs, 3 * g.hidden, gru.weights, gru.bias);
}
// Of the gates r and z, and of the candidate n, which may be of another state.
inline Conv2DFloat gru_gates_product(const GruFloat& gru) {
  const RecurrentGeometry& g = gru.geometry;
  return product_of(g.batch, g.hidden, 2 * g.hidden, gru.recurrent,
                    gru.bias == nullptr ? nullptr : gru.bias + 3 * g.hidden);
}
inline Conv2DFloat gru_candidate_product(const GruFloat& gru) {
  const RecurrentGeometry& g = gru.geometry;
  return product_of(g.batch, g.hidden, g.hidden, gru.recurrent + 2 * g.hidden * g.hidden,
                    gru.bias == nullptr ? nullptr : gru.bias + 5 * g.hidden);
}

// r times the hidden state of one sequence; gates [3, hidden], recurrent [2, hidden].
template <typename F>
void gru_reset(int64_t count, const float* gates, const float* recurrent, const float* hidden,
               float* kept) {
  for (int64_t k = 0; k < count; k += F::kLanes) {
    const int64_t left = count - k;
    const auto reset = Gates<F>::sigmoid(
        F::add(load_lanes<F>(gates + k, left), load_lanes<F>(recurrent + k, left)));
    store_lanes<F>(kept + k, F::mul(reset, load_lanes<F>(hidden + k, left)), left);
  }
}

template <typename F>
void gru_step(int64_t count, bool linear_before_reset, const float* gates, const float* recurrent,
              const float* candidate, const float* hidden, float* output) {
  using G = Gates<F>;
  for (int64_t k = 0; k < count; k += F::kLanes) {
    const int64_t left = count - k;
    const auto gate = [=](int64_t number) {
      const int64_t at = number * count + k;
      return G::sigmoid(
          F::add(load_lanes<F>(gates + at, left), load_lanes<F>(recurrent + at, left)));
    };
    auto sum = load_lanes<F>(candidate + k, left);
    if (linear_before_reset) sum = F::mul(gate(0), sum);
    const auto update = gate(1);
    const auto fresh = G::tanh(F::add(load_lanes<F>(gates + 2 * count + k, left), sum));
    const auto taken = F::mul(F::sub(F::set(1), update), fresh);
    const auto kept = F::mul(update, load_lanes<F>(hidden + k, left));
    store_lanes<F>(output + k, F::add(taken, kept), left);
  }
}

template <typename F, const Conv2DFloatKernel& kProducts>
struct GruSteps {
  static bool takes(const GruFloat&) noexcept { return true; }

  static size_t packed_bytes(const GruFloat& gru) noexcept {
    return packed_size(kProducts, gru_input_product(gru, 1)) +
           packed_size(kProducts, gru_gates_product(gru)) +
           packed_size(kProducts, gru_candidate_product(gru));
  }
  static void pack(const GruFloat& gru, std::byte* packed) noexcept {
    const Conv2DFloat products[] = {gru_input_product(gru, 1), gru_gates_product(gru),
                                    gru_candidate_product(gru)};
    for (const Conv2DFloat& product : products) {
      kProducts.pack(product, packed);
      packed += packed_size(kProducts, product);
    }
  }

  static size_t scratch_bytes(const GruFloat& gru) noexcept {
    const RecurrentGeometry& g = gru.geometry;
    // The block's gates, the gates' and the candidate's products, the reset state, and one to begin
    // with.
    const int64_t rows = 3 * block_steps(g) + 2 + 1 + 1 + 1;
    return static_cast<size_t>(rows * g.batch * g.hidden) * sizeof(float);
  }

  static void run(const GruFloat& gru, const std::byte* packed,
                  const FloatOperands& operands) noexcept {
    const RecurrentGeometry& g = gru.geometry;
    const int64_t states = g.batch * g.hidden, block = block_steps(g);
    const Conv2DFloat gates_product = gru_gates_product(gru);
    const Conv2DFloat candidate_product = gru_candidate_product(gru);
    const std::byte* packed_gates = packed + packed_size(kProducts, gru_input_product(gru, 1));
    const std::byte* packed_candidate = packed_gates + packed_size(kProducts, gates_product);
    auto* gates = reinterpret_cast<float*>(operands.scratch);
    float* recurrent = gates + 3 * block * states;
    float* candidate = recurrent + 2 * states;
    float* kept = candidate + states;
    float* hidden = kept + states;
    copy_state(gru.initial_hidden, states, hidden);
    for (int64_t first = 0; first < g.steps; first += block) {
      const int64_t count = block < g.steps - first ? block : g.steps - first;
      const int64_t begin = block_begin(g, first, count);
      kProducts.run(gru_input_product(gru, count * g.batch), packed,
                    {operands.input + begin * g.batch * g.inputs, gates, nullptr});
      for (int64_t i = 0; i < count; ++i) {
        const int64_t step = g.reverse ? count - 1 - i : i;
        const float* own = gates + step * 3 * states;
        float* result = operands.output + (begin + step) * states;
        kProducts.run(gates_product, packed_gates, {hidden, recurrent, nullptr});
        for (int64_t n = 0; n < g.batch && !gru.linear_before_reset; ++n) {
          const int64_t at = n * g.hidden;
          gru_reset<F>(g.hidden, own + 3 * at, recurrent + 2 * at, hidden + at, kept + at);
        }
        kProducts.run(candidate_product, packed_candidate,
                      {gru.linear_before_reset ? hidden : kept, candidate, nullptr});
        for (int64_t n = 0; n < g.batch; ++n) {
          const int64_t at = n * g.hidden;
          gru_step<F>(g.hidden, gru.linear_before_reset, own + 3 * at, recurrent + 2 * at,
                      candidate + at, hidden + at, result + at);
        }
        hidden = result;
      }
    }
  }

  static constexpr GruFloatKernel kernel(Isa isa) {
    return {isa, takes, packed_bytes, pack, scratch_bytes, run};
  }
};

}  // namespace
}  // namespace durward
