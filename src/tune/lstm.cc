#include "tune/lstm.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "engine/kernels/lstm_int16/kernels.h"
#include "engine/kernels/lstm_int16/tables.h"

namespace durward {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr float kHiddenScale = 1.0f / (1 << kHiddenBits);
constexpr float kGateSteps = 1 << kGateBits;

float logistic(float x) { return 1 / (1 + std::exp(-x)); }

// Memory that kernels may take: libtorch aligns it to 64 bytes.
at::Tensor bytes_of_memory(size_t bytes) {
  return at::empty({static_cast<int64_t>(std::max<size_t>(bytes, 1))}, at::kByte);
}

std::byte* bytes_in(const at::Tensor& memory) {
  return reinterpret_cast<std::byte*>(memory.data_ptr<uint8_t>());
}

const LstmInt16Kernel& fastest_kernel(const LstmInt16& lstm) {
  const auto kernels = lstm_int16_kernels();
  size_t i = kernels.size() - 1;
  while (i > 0 && !(available(kernels[i].isa) && kernels[i].takes(lstm))) --i;
  return kernels[i];
}

// The hidden states of all sequences, each a call of its own.
template <typename Input>  // int16 or int32
at::Tensor run_kernel(const LstmInt16& lstm, const Input* x, int64_t sequences) {
  const LstmInt16Kernel& kernel = fastest_kernel(lstm);
  const at::Tensor packed = bytes_of_memory(kernel.packed_bytes(lstm));
  kernel.pack(lstm, bytes_in(packed));
  const RecurrentGeometry& g = lstm.geometry;
  const at::Tensor hidden = at::empty({sequences, g.steps, g.hidden}, at::kShort);
  at::parallel_for(0, sequences, 1, [&](int64_t first, int64_t last) {
    const at::Tensor scratch = bytes_of_memory(kernel.scratch_bytes(lstm));
    for (int64_t n = first; n < last; ++n) {
      kernel.run(lstm, bytes_in(packed),
                 {.input = reinterpret_cast<const std::byte*>(x + n * g.steps * g.inputs),
                  .output = hidden.data_ptr<int16_t>() + n * g.steps * g.hidden,
                  .scratch = bytes_in(scratch)});
    }
  });
  return hidden.to(at::kFloat);
}

// Gates before their functions to what backwards needs: the gates behind them, and the cells.
// [N, steps, 4 * hidden] and [N, steps, hidden], steps in the order in which they are taken.
at::Tensor activate_gates(at::Tensor& gates, int64_t hidden) {
  const int64_t sequences = gates.size(0), steps = gates.size(1);
  at::Tensor cells = at::empty({sequences, steps, hidden}, at::kFloat);
  at::parallel_for(0, sequences, 1, [&](int64_t first, int64_t last) {
    for (int64_t n = first; n < last; ++n) {
      float* gate = gates.data_ptr<float>() + n * steps * 4 * hidden;
      float* cell = cells.data_ptr<float>() + n * steps * hidden;
      const float* before = nullptr;
      for (int64_t t = 0; t < steps; ++t, gate += 4 * hidden, before = cell, cell += hidden) {
        for (int64_t j = 0; j < hidden; ++j) {
          float &in = gate[j], &forget = gate[hidden + j], &candidate = gate[2 * hidden + j];
          float& shown = gate[3 * hidden + j];
          in = logistic(in);
          forget = logistic(forget);
          candidate = std::tanh(candidate);
          shown = logistic(shown);
          cell[j] = (before == nullptr ? 0 : forget * before[j]) + in * candidate;
        }
      }
    }
  });
  return cells;
}

// One step of backpropagation through time. `to_hidden` is of the step's hidden state, `to_cell` of
// its cell and afterwards of the cell before; `gates` become the gradients before their functions.
void step_back(int64_t hidden, const float* to_hidden, float* to_cell, const float* cell,
               const float* cell_before, float* gates) {
  for (int64_t j = 0; j < hidden; ++j) {
    float &in = gates[j], &forget = gates[hidden + j], &candidate = gates[2 * hidden + j];
    float& shown = gates[3 * hidden + j];
    const float bent = std::tanh(cell[j]);
    const float of_cell = to_cell[j] + to_hidden[j] * shown * (1 - bent * bent);
    const float of_in = of_cell * candidate * in * (1 - in);
    const float before = cell_before == nullptr ? 0 : cell_before[j];
    to_cell[j] = of_cell * forget;
    candidate = of_cell * in * (1 - candidate * candidate);
    forget = of_cell * before * forget * (1 - forget);
    shown = to_hidden[j] * bent * shown * (1 - shown);
    in = of_in;
  }
}

class Lstm16 : public torch::autograd::Function<Lstm16> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weights, const at::Tensor& multiplier,
                            const at::Tensor& recurrent, const at::Tensor& recurrent_multiplier,
                            const at::Tensor& bias, bool reverse, bool wide_weights) {
    const at::Tensor x = input.contiguous();
    const int64_t rows = weights.size(0), hidden = rows / 4;
    const at::Tensor integers =
        weights.detach().to(wide_weights ? at::kShort : at::kChar).contiguous();
    const at::Tensor states = recurrent.detach().to(at::kChar).contiguous();
    // In steps of a gate; a power of two rounds nothing.
    const at::Tensor scales =
        at::stack({multiplier.detach(), bias.detach(), recurrent_multiplier.detach()})
            .mul(kGateSteps)
            .contiguous();
    std::vector<int16_t> tables(2 * kGateTableEntries);
    lstm_int16_tables(tables.data());
    const LstmInt16 lstm{.geometry = {x.size(1), 1, x.size(2), hidden, reverse},
                         .wide_input = x.scalar_type() == at::kInt,
                         .wide_weights = wide_weights,
                         .weights = integers.data_ptr(),
                         .recurrent = states.data_ptr<int8_t>(),
                         .scales = scales.data_ptr<float>(),
                         .tables = tables.data()};
    at::Tensor output;
    if (lstm.wide_input) {
      output = run_kernel(lstm, x.data_ptr<int32_t>(), x.size(0));
    } else {
      const at::Tensor narrow = x.detach().to(at::kShort);
      output = run_kernel(lstm, narrow.data_ptr<int16_t>(), x.size(0));
    }
    context->save_for_backward(
        {x, output, weights, multiplier, recurrent, recurrent_multiplier, bias});
    context->saved_data["reverse"] = reverse;
    return output;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &weights = saved[2], &multiplier = saved[3], &recurrent = saved[4];
    const at::Tensor &recurrent_multiplier = saved[5], &bias = saved[6];
    const bool reverse = context->saved_data["reverse"].toBool();
    const auto in_order = [reverse](const at::Tensor& sequences) {
      return reverse ? sequences.flip({1}) : sequences;
    };
    const at::Tensor x = in_order(saved[0].to(at::kFloat)).contiguous();
    const at::Tensor output = in_order(saved[1]);
    const at::Tensor to_output = in_order(gradients[0]).contiguous();
    const int64_t sequences = x.size(0), steps = x.size(1), hidden = output.size(2);
    const int64_t all = sequences * steps;
    const at::Tensor before =
        at::constant_pad_nd(output.narrow(1, 0, steps - 1), {0, 0, 1, 0}, 0).contiguous();
    const at::Tensor of_input = weights * multiplier.unsqueeze(1);
    const at::Tensor of_state = recurrent * recurrent_multiplier.unsqueeze(1);
    at::Tensor gates = (product_transposed(x.view({all, -1}), of_input) +
                        product_transposed(before.view({all, -1}), of_state) + bias)
                           .view({sequences, steps, 4 * hidden});
    const at::Tensor cells = activate_gates(gates, hidden);

    const at::Tensor state_to_state = of_state.t().contiguous();
    at::Tensor to_hidden = at::zeros({sequences, hidden}, at::kFloat);  // in steps of the state
    at::Tensor to_cell = at::zeros({sequences, hidden}, at::kFloat);
    for (int64_t t = steps; t-- > 0;) {
      to_hidden = (to_hidden + to_output.select(1, t)).mul_(1 / kHiddenScale).contiguous();
      at::parallel_for(0, sequences, 1, [&](int64_t first, int64_t last) {
        for (int64_t n = first; n < last; ++n) {
          const int64_t place = n * steps + t;
          const float* cell = cells.data_ptr<float>() + place * hidden;
          step_back(hidden, to_hidden.data_ptr<float>() + n * hidden,
                    to_cell.data_ptr<float>() + n * hidden, cell, t == 0 ? nullptr : cell - hidden,
                    gates.data_ptr<float>() + place * 4 * hidden);
        }
      });
      if (t > 0) to_hidden = product_transposed(gates.select(1, t), state_to_state);
    }
    const at::Tensor to_gates = gates.view({all, 4 * hidden});
    const at::Tensor by_row = to_gates.t().contiguous();
    const at::Tensor to_input_weights =
        product_transposed(by_row, x.view({all, -1}).t().contiguous());
    const at::Tensor to_state_weights =
        product_transposed(by_row, before.view({all, -1}).t().contiguous());
    at::Tensor to_x;
    if (saved[0].scalar_type() == at::kFloat && context->needs_input_grad(0)) {
      to_x = in_order(product_transposed(to_gates, of_input.t().contiguous()).view_as(x));
    }
    return {to_x,
            to_input_weights * multiplier.unsqueeze(1),
            (to_input_weights * weights).sum(1),
            to_state_weights * recurrent_multiplier.unsqueeze(1),
            (to_state_weights * recurrent).sum(1),
            to_gates.sum(0),
            {},
            {}};
  }
};

}  // namespace

at::Tensor product_transposed(const at::Tensor& a, const at::Tensor& b) {
  return at::conv2d(a.unsqueeze(-1).unsqueeze(-1), b.unsqueeze(-1).unsqueeze(-1)).flatten(1);
}

at::Tensor lstm_through(const at::Tensor& x, const LstmParameters& parameters) {
  return Lstm16::apply(x, parameters.weights, parameters.multiplier, parameters.recurrent,
                       parameters.recurrent_multiplier, parameters.bias, parameters.reverse,
                       parameters.wide_weights);
}

}  // namespace durward
