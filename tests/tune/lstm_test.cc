// The integer LSTM of training: the engine's bits forwards, a float LSTM's gradients backwards.
#include "tune/lstm.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "base/random.h"
#include "engine/kernels/lstm_int16/lstm_int16.h"
#include "engine/kernels/lstm_int16/tables.h"

namespace durward {
namespace {

constexpr int64_t kSequences = 3, kSteps = 7, kInputs = 5, kHidden = 20;

at::Tensor whole_numbers(Random& random, const std::vector<int64_t>& shape, double largest) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    tensor.data_ptr<float>()[i] =
        static_cast<float>(std::nearbyint((2 * random.uniform() - 1) * largest));
  }
  return tensor;
}

// Gates of up to about 1, whatever the range of the integers.
LstmParameters parameters_of(Random& random, double largest_input, double largest_weight) {
  const at::Tensor scale = whole_numbers(random, {4 * kHidden}, 1000).abs() / 1000 + 0.5;
  return {.weights = whole_numbers(random, {4 * kHidden, kInputs}, largest_weight),
          .multiplier = scale / (largest_input * largest_weight),
          .recurrent = whole_numbers(random, {4 * kHidden, kHidden}, 127),
          .recurrent_multiplier = scale / (32768.0 * 127 * 4),
          .bias = whole_numbers(random, {4 * kHidden}, 1000) / 1000};
}

// The kernel that is the arithmetic's definition, one sequence after the other.
template <typename Input, typename Weight>
at::Tensor reference(const at::Tensor& x, const LstmParameters& p) {
  std::vector<Weight> weights;
  for (int64_t i = 0; i < p.weights.numel(); ++i) {
    weights.push_back(static_cast<Weight>(p.weights.data_ptr<float>()[i]));
  }
  std::vector<int8_t> recurrent;
  for (int64_t i = 0; i < p.recurrent.numel(); ++i) {
    recurrent.push_back(static_cast<int8_t>(p.recurrent.data_ptr<float>()[i]));
  }
  std::vector<float> scales;
  for (const at::Tensor& part : {p.multiplier, p.bias, p.recurrent_multiplier}) {
    for (int64_t i = 0; i < part.numel(); ++i) scales.push_back(part.data_ptr<float>()[i] * 2048);
  }
  std::vector<int16_t> tables(2 * kGateTableEntries);
  lstm_int16_tables(tables.data());
  const LstmInt16 lstm{.geometry = {kSteps, 1, kInputs, kHidden, p.reverse},
                       .wide_input = sizeof(Input) == 4,
                       .wide_weights = sizeof(Weight) == 2,
                       .weights = weights.data(),
                       .recurrent = recurrent.data(),
                       .scales = scales.data(),
                       .tables = tables.data()};
  at::Tensor result = at::empty({kSequences, kSteps, kHidden}, at::kFloat);
  std::vector<std::byte> scratch(lstm_int16_scratch_bytes(lstm.geometry));
  for (int64_t n = 0; n < kSequences; ++n) {
    std::vector<Input> input;
    const at::Tensor sequence = x[n].to(at::kDouble).contiguous();
    for (int64_t i = 0; i < sequence.numel(); ++i) {
      input.push_back(static_cast<Input>(sequence.data_ptr<double>()[i]));
    }
    std::vector<int16_t> output(kSteps * kHidden);
    lstm_int16(lstm, {.input = reinterpret_cast<const std::byte*>(input.data()),
                      .output = output.data(),
                      .scratch = scratch.data()});
    for (size_t i = 0; i < output.size(); ++i) {
      result[n].view({-1}).data_ptr<float>()[i] = output[i];
    }
  }
  return result;
}

TEST(LstmThrough, HasTheBitsOfTheEnginesDefinition) {
  Random random(3);
  for (const bool reverse : {false, true}) {
    const at::Tensor narrow = whole_numbers(random, {kSequences, kSteps, kInputs}, 32767);
    LstmParameters p = parameters_of(random, 32767, 127);
    p.reverse = reverse;
    EXPECT_TRUE(at::equal(lstm_through(narrow, p), (reference<int16_t, int8_t>(narrow, p))));

    const at::Tensor wide =
        whole_numbers(random, {kSequences, kSteps, kInputs}, 2'000'000'000).to(at::kInt);
    p = parameters_of(random, 2e9, 8000);
    p.wide_weights = true;
    p.reverse = reverse;
    EXPECT_TRUE(at::equal(lstm_through(wide, p), (reference<int32_t, int16_t>(wide, p))));
  }
}

// The LSTM of Hochreiter and Schmidhuber in libtorch's own differentiable operations.
at::Tensor float_lstm(const at::Tensor& x, const LstmParameters& p) {
  const at::Tensor of_input = p.weights * p.multiplier.unsqueeze(1);
  const at::Tensor of_state = p.recurrent * p.recurrent_multiplier.unsqueeze(1);
  at::Tensor hidden = at::zeros({x.size(0), kHidden}), cell = at::zeros({x.size(0), kHidden});
  std::vector<at::Tensor> states(kSteps);
  for (int64_t i = 0; i < kSteps; ++i) {
    const int64_t t = p.reverse ? kSteps - 1 - i : i;
    const at::Tensor gates = x.select(1, t).mm(of_input.t()) + hidden.mm(of_state.t()) + p.bias;
    const std::vector<at::Tensor> parts = gates.chunk(4, 1);
    cell = at::sigmoid(parts[1]) * cell + at::sigmoid(parts[0]) * at::tanh(parts[2]);
    hidden = at::sigmoid(parts[3]) * at::tanh(cell) * 32768;
    states[static_cast<size_t>(t)] = hidden;
  }
  return at::stack(states, 1);
}

double difference(const at::Tensor& one, const at::Tensor& other) {
  return ((one - other).norm() / other.norm()).item<double>();
}

TEST(LstmThrough, HasTheGradientsOfTheLstmThatItStandsFor) {
  Random random(4);
  for (const bool reverse : {false, true}) {
    at::Tensor x = whole_numbers(random, {kSequences, kSteps, kInputs}, 32767);
    LstmParameters p = parameters_of(random, 32767, 127);
    p.reverse = reverse;
    const at::Tensor direction = whole_numbers(random, {kSequences, kSteps, kHidden}, 100);
    std::vector<at::Tensor> leaves = {
        x, p.weights, p.multiplier, p.recurrent, p.recurrent_multiplier, p.bias};
    for (at::Tensor& leaf : leaves) leaf.requires_grad_();
    const at::Tensor states = lstm_through(x, p), real = float_lstm(x, p);
    EXPECT_LT(difference(states, real), 1e-3);
    (real * direction).sum().backward();
    std::vector<at::Tensor> expected;
    for (at::Tensor& leaf : leaves) {
      expected.push_back(leaf.grad().clone());
      leaf.mutable_grad().reset();
    }
    (states * direction).sum().backward();
    for (size_t i = 0; i < leaves.size(); ++i) {
      EXPECT_LT(difference(leaves[i].grad(), expected[i]), 2e-3) << i;
    }
  }
}

TEST(LstmThrough, NoSequenceSeesAnother) {
  Random random(5);
  const LstmParameters p = parameters_of(random, 32767, 127);
  at::Tensor x = whole_numbers(random, {kSequences, kSteps, kInputs}, 32767);
  const at::Tensor before = lstm_through(x, p).clone();
  x[0].fill_(-32768);
  const at::Tensor after = lstm_through(x, p);
  EXPECT_FALSE(at::equal(after[0], before[0]));
  EXPECT_TRUE(at::equal(after.narrow(0, 1, 2), before.narrow(0, 1, 2)));
}

TEST(ProductTransposed, IsThatOfMatrices) {
  const at::Tensor a = at::arange(12, at::kFloat).view({3, 4});
  const at::Tensor b = at::arange(8, at::kFloat).view({2, 4}) - 3;
  EXPECT_TRUE(at::equal(product_transposed(a, b), a.mm(b.t())));
}

}  // namespace
}  // namespace durward
