#include "engine/kernels/lstm_int16/lstm_int16.h"
#include "engine/kernels/requantize.h"

namespace durward {
namespace {

template <typename Weight>
float lstm_input(const Weight* weights, int64_t inputs, const int16_t* x, float scale) {
  int32_t sum = 0;
  for (int64_t k = 0; k < inputs; ++k) sum += int32_t{x[k]} * weights[k];
  return static_cast<float>(sum) * scale;
}

template <typename Weight>
float lstm_input(const Weight* weights, int64_t inputs, const int32_t* x, float scale) {
  int32_t high_sum = 0, low_sum = 0;
  for (int64_t k = 0; k < inputs; ++k) {
    const auto low = static_cast<int16_t>(x[k] & 0xffff);
    const int64_t high = (int64_t{x[k]} - low) / 65536;
    high_sum += static_cast<int32_t>(high < 32767 ? high : 32767) * weights[k];
    low_sum += int32_t{low} * weights[k];
  }
  return static_cast<float>(high_sum) * (scale * 65536.0f) + static_cast<float>(low_sum) * scale;
}

template <typename X>
float lstm_input(const LstmInt16& lstm, const X* x, int64_t row) {
  const int64_t inputs = lstm.geometry.inputs;
  const auto sum = [&]<typename Weight>(const Weight* weights) {
    return lstm_input(weights + row * inputs, inputs, x, lstm.scales[row]);
  };
  return lstm.wide_weights ? sum(static_cast<const int16_t*>(lstm.weights))
                           : sum(static_cast<const int8_t*>(lstm.weights));
}

// `hidden` is nullptr before the first step.
template <typename X>
int32_t lstm_gate(const LstmInt16& lstm, const X* x, const int16_t* hidden, int64_t row) {
  const int64_t size = lstm.geometry.hidden, rows = 4 * size;
  int32_t sum = 0;
  if (hidden != nullptr) {
    const int8_t* weights = lstm.recurrent + row * size;
    for (int64_t k = 0; k < size; ++k) sum += int32_t{hidden[k]} * weights[k];
  }
  const float value = lstm_input(lstm, x, row) + lstm.scales[rows + row] +
                      static_cast<float>(sum) * lstm.scales[2 * rows + row];
  return round_within(value, -32768, 32767);
}

int32_t lstm_function(const int16_t* table, int32_t gate) {
  const int32_t place = gate + 32768, step = 1 << kGateStepBits;
  const int16_t* entries = table + place / step;
  const int32_t rest = place % step;
  return (entries[0] * (step - rest) + entries[1] * rest + step / 2) >> kGateStepBits;
}

int32_t lstm_next_cell(int32_t cell, int32_t input, int32_t forget, int32_t candidate) {
  const int64_t sum = int64_t{forget} * cell + int64_t{input} * candidate * 256 + (1 << 14);
  const int64_t next = sum >> 15;
  const int64_t low = next > -kCellLimit ? next : -kCellLimit;
  return static_cast<int32_t>(low < kCellLimit - 1 ? low : kCellLimit - 1);
}

int16_t lstm_hidden(int32_t shown, int32_t cell, const int16_t* tanh) {
  int32_t gate = (cell + (1 << 11)) >> 12;
  gate = gate > -32768 ? gate : -32768;
  gate = gate < 32767 ? gate : 32767;
  const int32_t hidden = (shown * lstm_function(tanh, gate) + (1 << 14)) >> 15;
  return static_cast<int16_t>(hidden < 32767 ? hidden : 32767);
}

template <typename X>
void run_lstm(const LstmInt16& lstm, const X* input, int16_t* output, int32_t* cell) {
  const RecurrentGeometry& g = lstm.geometry;
  const int16_t *sigmoid = lstm.tables, *tanh = lstm.tables + kGateTableEntries;
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t j = 0; j < g.hidden; ++j) cell[j] = 0;
    const int16_t* hidden = nullptr;
    for (int64_t t = 0; t < g.steps; ++t) {
      const int64_t at = g.step(t) * g.batch + n;
      const X* x = input + at * g.inputs;
      int16_t* y = output + at * g.hidden;
      for (int64_t j = 0; j < g.hidden; ++j) {
        const auto gate = [&](int64_t number) {
          return lstm_gate(lstm, x, hidden, number * g.hidden + j);
        };
        const int32_t in = lstm_function(sigmoid, gate(0));
        const int32_t forget = lstm_function(sigmoid, gate(1));
        const int32_t candidate = lstm_function(tanh, gate(2));
        const int32_t shown = lstm_function(sigmoid, gate(3));
        cell[j] = lstm_next_cell(cell[j], in, forget, candidate);
        y[j] = lstm_hidden(shown, cell[j], tanh);
      }
      hidden = y;
    }
  }
}

}  // namespace

size_t lstm_int16_scratch_bytes(const RecurrentGeometry& geometry) {
  return static_cast<size_t>(geometry.hidden) * sizeof(int32_t);
}

void lstm_int16(const LstmInt16& lstm, const LstmInt16Operands& operands) noexcept {
  auto* cell = reinterpret_cast<int32_t*>(operands.scratch);
  if (lstm.wide_input) {
    run_lstm(lstm, reinterpret_cast<const int32_t*>(operands.input), operands.output, cell);
  } else {
    run_lstm(lstm, reinterpret_cast<const int16_t*>(operands.input), operands.output, cell);
  }
}

}  // namespace durward
