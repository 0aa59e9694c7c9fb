// The integer LSTM: the reference against the formulas in double, and every kernel that was built
// against the reference: equal bits, and nothing touched outside the tensors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "engine/arithmetic.h"
#include "engine/guarded.h"
#include "engine/kernels/lstm_int16/kernels.h"

namespace durward {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The tables that lowering makes.
std::vector<int16_t> gate_tables() {
  std::vector<int16_t> tables;
  for (const bool is_tanh : {false, true}) {
    for (int64_t k = 0; k < kGateTableEntries; ++k) {
      const double gate = static_cast<double>(k * 64 - 32768) / 2048;
      const double value = is_tanh ? std::tanh(gate) : sigmoid(gate);
      tables.push_back(static_cast<int16_t>(std::min(std::nearbyint(value * 32768), 32767.0)));
    }
  }
  return tables;
}

// A layer with its data. `input` holds x, whether it has 16 bits or 32.
struct Case {
  RecurrentGeometry geometry;
  bool wide_input = false, wide_weights = false;
  std::vector<int32_t> input;
  std::vector<int16_t> weights;
  std::vector<int8_t> recurrent;
  std::vector<float> scales;
  std::vector<int16_t> tables = gate_tables();

  [[nodiscard]] std::vector<std::byte> input_bytes() const {
    return wide_input ? bytes_of(input)
                      : bytes_of(std::vector<int16_t>(input.begin(), input.end()));
  }
  [[nodiscard]] std::vector<std::byte> weight_bytes() const {
    return wide_weights ? bytes_of(weights)
                        : bytes_of(std::vector<int8_t>(weights.begin(), weights.end()));
  }
  [[nodiscard]] size_t outputs() const {
    return static_cast<size_t>(geometry.steps * geometry.batch * geometry.hidden);
  }

 private:
  template <typename T>
  static std::vector<std::byte> bytes_of(const std::vector<T>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    return {bytes.begin(), bytes.end()};
  }
};

std::vector<int16_t> run(const LstmInt16Kernel& kernel, const Case& c, Random& random) {
  constexpr size_t kVector = 64;  // what packed weights and scratch are aligned to
  const Guarded<std::byte> weights(c.weight_bytes(), either_end(random));
  const Guarded<int8_t> recurrent(c.recurrent, either_end(random));
  const Guarded<float> scales(c.scales, either_end(random));
  const Guarded<int16_t> tables(c.tables, either_end(random));
  const LstmInt16 lstm{c.geometry,       c.wide_input,  c.wide_weights, weights.data(),
                       recurrent.data(), scales.data(), tables.data()};
  EXPECT_TRUE(kernel.takes(lstm));
  const Guarded<std::byte> packed(kernel.packed_bytes(lstm), std::byte{0x5a}, either_end(random),
                                  kVector);
  kernel.pack(lstm, packed.data());
  const Guarded<std::byte> input(c.input_bytes(), either_end(random));
  const Guarded<int16_t> output(c.outputs(), int16_t{0x5a5a}, either_end(random));
  const Guarded<std::byte> scratch(kernel.scratch_bytes(lstm), std::byte{0x5a}, either_end(random),
                                   kVector);
  kernel.run(lstm, packed.data(), {input.data(), output.data(), scratch.data()});
  EXPECT_TRUE(packed.padding_intact() && output.padding_intact() && scratch.padding_intact());
  return output.values();
}

std::vector<int16_t> reference(const Case& c) {
  Random random(7);
  return run(lstm_int16_kernels().front(), c, random);
}

int32_t between(Random& random, int64_t low, int64_t high) {
  return static_cast<int32_t>(pick(random, low, high));
}

// Magnitudes are drawn from every size, and rows sum up to what is allowed at most.
Case random_case(Random& random, const RecurrentGeometry& g) {
  Case c;
  c.geometry = g;
  c.wide_input = random.below(2) == 0;
  c.wide_weights = random.below(2) == 0;
  const int64_t rows = 4 * g.hidden, inputs = g.steps * g.batch * g.inputs;
  const int64_t largest = c.wide_input ? std::numeric_limits<int32_t>::max() : 32767;
  const int64_t range = largest >> random.below(16);
  for (int64_t i = 0; i < inputs; ++i) {
    c.input.push_back(random.below(8) == 0
                          ? static_cast<int32_t>(random.below(2) == 0 ? largest : -largest - 1)
                          : between(random, -range, range));
  }
  const int64_t most = c.wide_weights ? std::min<int64_t>(32767, 65535 / g.inputs) : 127;
  const int64_t weights = std::max<int64_t>(most >> random.below(4), 1);
  for (int64_t i = 0; i < rows * g.inputs; ++i) {
    c.weights.push_back(static_cast<int16_t>(between(random, -weights, weights)));
  }
  for (int64_t i = 0; i < rows * g.hidden; ++i) {
    c.recurrent.push_back(static_cast<int8_t>(between(random, -127, 127)));
  }
  const double of_input = 6000 / (static_cast<double>(range) * static_cast<double>(weights) *
                                  std::sqrt(static_cast<double>(g.inputs)));
  const double of_state = 6000 / (32768.0 * 64 * std::sqrt(static_cast<double>(g.hidden)));
  for (const double size : {of_input, 2000.0, of_state}) {
    for (int64_t i = 0; i < rows; ++i) {
      c.scales.push_back(static_cast<float>(size * (random.uniform() * 2 - 0.5)));
    }
  }
  return c;
}

RecurrentGeometry random_geometry(Random& random) {
  return {pick(random, 1, 40), pick(random, 1, 3), pick(random, 1, 45), pick(random, 1, 70),
          random.below(2) == 0};
}

// ---- the reference ----

// The formulas in double, with the real numbers that the integers stand for.
std::vector<double> in_double(const Case& c) {
  const RecurrentGeometry& g = c.geometry;
  const int64_t rows = 4 * g.hidden;
  std::vector<double> output(c.outputs());
  for (int64_t n = 0; n < g.batch; ++n) {
    std::vector<double> hidden(static_cast<size_t>(g.hidden)), cell = hidden;
    for (int64_t t = 0; t < g.steps; ++t) {
      const int64_t at = (g.reverse ? g.steps - 1 - t : t) * g.batch + n;
      std::vector<double> gates;
      for (int64_t row = 0; row < rows; ++row) {
        double x = 0, h = 0;
        for (int64_t k = 0; k < g.inputs; ++k) {
          x += static_cast<double>(c.input[static_cast<size_t>(at * g.inputs + k)]) *
               c.weights[static_cast<size_t>(row * g.inputs + k)];
        }
        for (int64_t k = 0; k < g.hidden; ++k) {
          h += 32768 * hidden[static_cast<size_t>(k)] *
               c.recurrent[static_cast<size_t>(row * g.hidden + k)];
        }
        const auto scale = [&](int64_t kind) {
          return double{c.scales[static_cast<size_t>(kind * rows + row)]};
        };
        gates.push_back((x * scale(0) + scale(1) + h * scale(2)) / 2048);
      }
      for (int64_t j = 0; j < g.hidden; ++j) {
        const auto gate = [&](int64_t number) {
          return gates[static_cast<size_t>(number * g.hidden + j)];
        };
        double& own = cell[static_cast<size_t>(j)];
        own = sigmoid(gate(1)) * own + sigmoid(gate(0)) * std::tanh(gate(2));
        hidden[static_cast<size_t>(j)] = sigmoid(gate(3)) * std::tanh(own);
        output[static_cast<size_t>(at * g.hidden + j)] = hidden[static_cast<size_t>(j)];
      }
    }
  }
  return output;
}

TEST(LstmInt16, ComputesTheFormulas) {
  Random random(3);
  int wide = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const Case c = random_case(random, random_geometry(random));
    // Gates of such a size that no error grows with the steps.
    Case small = c;
    for (float& scale : small.scales) scale *= 0.2f;
    wide += small.wide_input ? 1 : 0;
    const std::vector<int16_t> output = reference(small);
    const std::vector<double> expected = in_double(small);
    for (size_t i = 0; i < output.size(); ++i) {
      ASSERT_NEAR(output[i] / 32768.0, expected[i], 0.004);
    }
  }
  EXPECT_GT(wide, 10);
}

// One element with one input of 1 whose weights are 0: gates are their biases.
Case constant_gates(int64_t steps, float input, float forget, float candidate, float shown) {
  Case c;
  c.geometry = {steps, 1, 1, 1, false};
  c.input.assign(static_cast<size_t>(steps), 1);
  c.weights.assign(4, 0);
  c.recurrent.assign(4, 0);
  c.scales.assign(12, 0);
  const float gates[] = {input, forget, candidate, shown};
  for (size_t i = 0; i < 4; ++i) c.scales[4 + i] = gates[i] * 2048;
  return c;
}

TEST(LstmInt16, CountsWithOpenGatesUntilTheOutputIsFull) {
  const std::vector<int16_t> output = reference(constant_gates(300, 16, 16, 0.125f, 16));
  const double step = std::tanh(0.125);
  for (size_t t = 0; t < 20; ++t) {
    EXPECT_NEAR(output[t] / 32768.0, std::tanh(step * static_cast<double>(t + 1)), 1e-3);
  }
  EXPECT_TRUE(std::is_sorted(output.begin(), output.end()));
  EXPECT_GE(output.back(), 32765);
}

TEST(LstmInt16, AClosedGateLetsNothingPass) {
  EXPECT_THAT(reference(constant_gates(20, 16, 16, 3, -16)), Each(0));
  EXPECT_THAT(reference(constant_gates(20, -16, 16, 3, 16)), Each(0));
}

TEST(LstmInt16, TakesANanForTheLowestGate) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(reference(constant_gates(9, 1, nan, 1, 1)), reference(constant_gates(9, 1, -16, 1, 1)));
}

TEST(LstmInt16, AddsBothHalvesOfAWideInput) {
  Case c = constant_gates(5, 16, -16, 0, 16);
  c.wide_input = c.wide_weights = true;
  c.input = {70000, -70000, 32768, 32767, std::numeric_limits<int32_t>::max()};
  c.weights[2] = 20000;
  c.scales[2] = 1.0f / 2000000;  // a gate of x / 100 steps
  std::vector<double> expected;
  for (const int32_t x : c.input) expected.push_back(std::tanh(std::tanh(x / 100.0 / 2048)));
  const std::vector<int16_t> output = reference(c);
  for (size_t t = 0; t < 5; ++t) EXPECT_NEAR(output[t] / 32768.0, expected[t], 1e-3) << t;
}

// ---- the kernels of the instruction sets ----

class LstmInt16Kernels : public testing::TestWithParam<size_t> {
 protected:
  [[nodiscard]] static const LstmInt16Kernel& kernel() { return lstm_int16_kernels()[GetParam()]; }
  void SetUp() override {
    if (!available(kernel().isa)) GTEST_SKIP() << "this machine lacks " << name(kernel().isa);
  }
};

TEST_P(LstmInt16Kernels, HaveTheReferencesBits) {
  Random random(1);
  for (int trial = 0; trial < 150; ++trial) {
    const Case c = random_case(random, random_geometry(random));
    ASSERT_EQ(run(kernel(), c, random), reference(c))
        << c.geometry.inputs << " -> " << c.geometry.hidden << ", trial " << trial;
  }
}

// Whatever constants are, and sums and cells as large as they can be.
TEST_P(LstmInt16Kernels, HaveTheReferencesBitsAtTheExtremes) {
  Random random(2);
  const float infinity = std::numeric_limits<float>::infinity();
  const float scales[] = {
      0, 1e-3f, -1, 1e30f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()};
  for (int trial = 0; trial < 60; ++trial) {
    RecurrentGeometry g = random_geometry(random);
    g.steps = pick(random, 100, 300);
    g.inputs = pick(random, 1, 4);
    g.hidden = pick(random, 1, 20);
    Case c = random_case(random, g);
    const bool full = trial % 2 == 0;
    if (full) {
      std::fill(c.weights.begin(), c.weights.end(),
                static_cast<int16_t>(c.wide_weights ? 65535 / g.inputs / 2 : -127));
      std::fill(c.recurrent.begin(), c.recurrent.end(), int8_t{127});
      for (int16_t& entry : c.tables) {
        entry = random.below(2) == 0 ? int16_t{-32768} : int16_t{32767};
      }
    } else {
      for (float& scale : c.scales) scale = scales[random.below(std::size(scales))];
    }
    ASSERT_EQ(run(kernel(), c, random), reference(c)) << "trial " << trial;
  }
}

TEST_P(LstmInt16Kernels, KeepTheSequencesOfABatchApart) {
  Random random(4);
  for (int trial = 0; trial < 20; ++trial) {
    RecurrentGeometry g = random_geometry(random);
    g.batch = pick(random, 2, 5);
    const Case c = random_case(random, g);
    const std::vector<int16_t> together = run(kernel(), c, random);
    for (int64_t n = 0; n < g.batch; ++n) {
      Case own = c;
      own.geometry.batch = 1;
      own.input.clear();
      std::vector<int16_t> expected;
      for (int64_t t = 0; t < g.steps; ++t) {
        const auto from = c.input.begin() + (t * g.batch + n) * g.inputs;
        own.input.insert(own.input.end(), from, from + g.inputs);
        const auto to = together.begin() + (t * g.batch + n) * g.hidden;
        expected.insert(expected.end(), to, to + g.hidden);
      }
      ASSERT_EQ(run(kernel(), own, random), expected);
    }
  }
}

std::string kernel_name(const testing::TestParamInfo<size_t>& info) {
  std::string text = name(lstm_int16_kernels()[info.param].isa);
  std::erase_if(text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
  return text;
}

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, LstmInt16Kernels,
                         testing::Range(size_t{0}, lstm_int16_kernels().size()), kernel_name);

}  // namespace
}  // namespace durward
