// The recurrent layers in float: numbers of another implementation, closed forms, and what must
// hold whatever the weights; each kernel of an instruction set has the reference's bits.
//
// The numbers were computed by a few lines of numpy in double, from the formulas of graph/ops.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/float_values.h"
#include "engine/guarded.h"
#include "engine/kernels/floats_scalar.h"
#include "engine/kernels/gates.h"
#include "engine/kernels/gru/float_kernels.h"
#include "engine/kernels/lstm/float_kernels.h"

namespace durward {
namespace {

using ::testing::ElementsAreArray;
using ::testing::FloatNear;
using ::testing::Pointwise;

// amplitude * sin(step * i + start)
std::vector<float> wave(int64_t count, double step, double start, double amplitude) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(
        static_cast<float>(amplitude * std::sin(step * static_cast<double>(i) + start)));
  }
  return values;
}

// All that a layer with `gates` gates, and a bias for `biases` of them, works on.
struct Layer {
  Layer(RecurrentGeometry shape, int64_t gates, int64_t biases)
      : geometry(shape),
        x(wave(shape.steps * shape.batch * shape.inputs, .3, .2, 1)),
        weights(wave(gates * shape.hidden * shape.inputs, .7, 0, .8)),
        recurrent(wave(gates * shape.hidden * shape.hidden, .9, 1, .7)),
        bias(wave(biases * shape.hidden, 1.3, 2, .3)),
        hidden(wave(shape.batch * shape.hidden, 1.1, 3, .5)),
        cell(wave(shape.batch * shape.hidden, 1.7, 4, .9)) {}

  [[nodiscard]] int64_t states() const { return geometry.batch * geometry.hidden; }
  [[nodiscard]] LstmFloat lstm(bool returns_cell) const {
    return {geometry,    returns_cell,  weights.data(), recurrent.data(),
            bias.data(), hidden.data(), cell.data()};
  }
  [[nodiscard]] GruFloat gru(bool linear_before_reset) const {
    return {geometry,         linear_before_reset, weights.data(),
            recurrent.data(), bias.data(),         hidden.data()};
  }

  RecurrentGeometry geometry;
  std::vector<float> x, weights, recurrent, bias, hidden, cell;
};
Layer lstm_layer(const RecurrentGeometry& shape) { return {shape, 4, 4}; }
Layer gru_layer(const RecurrentGeometry& shape) { return {shape, 3, 6}; }

size_t outputs_of(const LstmFloat& lstm) {
  const RecurrentGeometry& g = lstm.geometry;
  return static_cast<size_t>((g.steps + (lstm.returns_cell ? 1 : 0)) * g.batch * g.hidden);
}
size_t outputs_of(const GruFloat& gru) {
  const RecurrentGeometry& g = gru.geometry;
  return static_cast<size_t>(g.steps * g.batch * g.hidden);
}

std::vector<float> reference(const LstmFloat& lstm, const std::vector<float>& x) {
  std::vector<float> output(outputs_of(lstm));
  std::vector<float> scratch(lstm_float_scratch_bytes(lstm.geometry) / sizeof(float));
  lstm_float(lstm, x.data(), output.data(), reinterpret_cast<std::byte*>(scratch.data()));
  return output;
}
std::vector<float> reference(const GruFloat& gru, const std::vector<float>& x) {
  std::vector<float> output(outputs_of(gru));
  std::vector<float> scratch(gru_float_scratch_bytes(gru.geometry) / sizeof(float));
  gru_float(gru, x.data(), output.data(), reinterpret_cast<std::byte*>(scratch.data()));
  return output;
}

constexpr RecurrentGeometry kSmall{4, 2, 3, 2, false};
constexpr RecurrentGeometry kSmallReverse{4, 2, 3, 2, true};

TEST(LstmFloat, ComputesWhatNumpyDoes) {
  const std::vector<float> expected{-0.0093030f, -0.1752106f, 0.3619739f, -0.1583776f, 0.3079726f,
                                    -0.3862159f, 0.1640827f, 0.0123168f, 0.0668412f, 0.0895282f,
                                    0.0590734f, 0.0929334f, 0.0494787f, 0.1203337f, 0.2135736f,
                                    -0.0449469f,
                                    // the last cell
                                    0.1252186f, 0.3777072f, 0.3291067f, -0.0979767f};
  const Layer layer = lstm_layer(kSmall);
  EXPECT_THAT(reference(layer.lstm(true), layer.x), Pointwise(FloatNear(1e-6f), expected));
}

TEST(LstmFloat, TakesTheStepsFromTheLastToTheFirst) {
  const std::vector<float> expected{0.2468140f, -0.2004418f, 0.4299314f, -0.2278216f, 0.2850320f,
                                    -0.1575492f, 0.1098769f, 0.1219662f, -0.1097100f, 0.1247238f,
                                    0.0183751f, 0.0896800f, -0.2011653f, 0.0451888f, 0.1696800f,
                                    -0.0109683f,
                                    // the last cell
                                    0.4079423f, -0.4783588f, 0.6346936f, -0.4031364f};
  const Layer layer = lstm_layer(kSmallReverse);
  EXPECT_THAT(reference(layer.lstm(true), layer.x), Pointwise(FloatNear(1e-6f), expected));
}

TEST(GruFloat, ComputesWhatNumpyDoes) {
  const std::vector<float> expected{0.2932927f, -0.4475213f, 0.4926835f, -0.1708348f,
                                    0.7291547f, -0.5749994f, 0.5770230f, 0.0149370f,
                                    0.5413306f, 0.6212911f,  0.3748552f, 0.7008713f,
                                    0.3402863f, 0.6382093f,  0.6260100f, 0.4244616f};
  const Layer layer = gru_layer(kSmall);
  EXPECT_THAT(reference(layer.gru(true), layer.x), Pointwise(FloatNear(1e-6f), expected));
}

TEST(GruFloat, ResetsTheStateBeforeItsProductsOtherwise) {
  const std::vector<float> expected{0.3441621f, -0.4682635f, 0.5158045f, -0.1718077f,
                                    0.7624519f, -0.5960473f, 0.6236911f, -0.0304190f,
                                    0.5983526f, 0.6142716f,  0.4408521f, 0.6851628f,
                                    0.3847212f, 0.5754303f,  0.6345135f, 0.3973156f};
  const Layer layer = gru_layer(kSmall);
  EXPECT_THAT(reference(layer.gru(false), layer.x), Pointwise(FloatNear(1e-6f), expected));
}

TEST(GruFloat, TakesTheStepsFromTheLastToTheFirst) {
  const Layer layer = gru_layer(kSmallReverse);
  const std::vector<float> expected{0.7352406f,  0.1653939f, 0.8239968f,  0.1994006f,
                                    0.7384739f,  0.4150615f, 0.3724153f,  0.4025495f,
                                    -0.0287639f, 0.7408622f, -0.0297734f, 0.6898767f,
                                    -0.0260804f, 0.2887274f, 0.0427324f,  -0.1534470f};
  EXPECT_THAT(reference(layer.gru(true), layer.x), Pointwise(FloatNear(1e-6f), expected));
  const std::vector<float> otherwise{0.7373033f, 0.1308839f, 0.8335091f, 0.1495495f,
                                     0.7550083f, 0.3960008f, 0.4295860f, 0.3506138f,
                                     0.0393728f, 0.7222468f, 0.0274245f, 0.6816614f,
                                     0.0164389f, 0.2603049f, 0.0848496f, -0.1630096f};
  EXPECT_THAT(reference(layer.gru(false), layer.x), Pointwise(FloatNear(1e-6f), otherwise));
}

// A gate whose bias is 30 is open, one of -30 closed: a cell that is always added to counts.
TEST(LstmFloat, CountsWithOpenGates) {
  const float weights[4] = {0, 0, 1, 0}, recurrent[4] = {}, bias[4] = {30, 30, 0, 30};
  const LstmFloat lstm{{3, 1, 1, 1, false}, true, weights, recurrent, bias, nullptr, nullptr};
  const float step = std::tanh(0.5f);
  EXPECT_THAT(reference(lstm, {0.5f, 0.5f, 0.5f}),
              Pointwise(FloatNear(1e-6f),
                        {std::tanh(step), std::tanh(2 * step), std::tanh(3 * step), 3 * step}));
}

TEST(GruFloat, KeepsItsStateBehindAClosedGate) {
  const float weights[3] = {1, 0, 1}, recurrent[3] = {1, 0, 1}, state = 0.75f;
  const float bias[6] = {0, 30, 0, 0, 30, 0};
  for (const bool linear : {false, true}) {
    const GruFloat gru{{3, 1, 1, 1, false}, linear, weights, recurrent, bias, &state};
    EXPECT_THAT(reference(gru, {1, -2, 3}), ElementsAreArray({0.75f, 0.75f, 0.75f}));
  }
}

// Rounded once to float from the value in double.
float units_apart(float result, double expected) {
  const auto nearest = static_cast<float>(expected);
  return std::abs(result - nearest) / (std::nextafter(std::abs(nearest), 2.0f) - std::abs(nearest));
}

TEST(Gates, AreWithinAFewUnitsInTheLastPlace) {
  using Scalar = Gates<FloatsScalar>;
  float sigmoid = 0, tanh = 0;
  for (int64_t i = -300000; i <= 300000; ++i) {
    const float x = static_cast<float>(i) * 1e-4f;
    sigmoid = std::max(sigmoid, units_apart(Scalar::sigmoid(x), 1 / (1 + std::exp(-double{x}))));
    tanh = std::max(tanh, units_apart(Scalar::tanh(x), std::tanh(double{x})));
  }
  EXPECT_LE(sigmoid, 3);
  EXPECT_LE(tanh, 3);
}

TEST(Gates, ReachTheirLimitsAndPassNan) {
  using Scalar = Gates<FloatsScalar>;
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Scalar::sigmoid(infinity), 1);
  EXPECT_EQ(Scalar::sigmoid(200), 1);
  EXPECT_LT(Scalar::sigmoid(-infinity), 1e-37f);
  EXPECT_GE(Scalar::sigmoid(-infinity), 0);
  EXPECT_EQ(Scalar::tanh(infinity), 1);
  EXPECT_EQ(Scalar::tanh(-infinity), -1);
  EXPECT_EQ(Scalar::tanh(0), 0);
  EXPECT_EQ(Scalar::sigmoid(0), 0.5f);
  EXPECT_TRUE(std::isnan(Scalar::sigmoid(std::nanf(""))));
  EXPECT_TRUE(std::isnan(Scalar::tanh(std::nanf(""))));
}

// ---- the kernels of the instruction sets ----

struct Lstm {
  using Kernel = LstmFloatKernel;
  static constexpr int64_t kGates = 4, kBiases = 4;
  static std::span<const Kernel> kernels() { return lstm_float_kernels(); }
};
struct Gru {
  using Kernel = GruFloatKernel;
  static constexpr int64_t kGates = 3, kBiases = 6;
  static std::span<const Kernel> kernels() { return gru_float_kernels(); }
};

// A layer of random size with values of every kind, in guarded memory.
template <typename Family>
struct GuardedLayer {
  GuardedLayer(Random& random, const RecurrentGeometry& g)
      : geometry(g),
        weights(random_values(random, Family::kGates * g.hidden * g.inputs), either_end(random)),
        recurrent(random_values(random, Family::kGates * g.hidden * g.hidden), either_end(random)),
        bias(random_values(random, Family::kBiases * g.hidden), either_end(random)),
        hidden(random_values(random, g.batch * g.hidden), either_end(random)),
        cell(random_values(random, g.batch * g.hidden), either_end(random)),
        flag(random.below(2) == 0),
        has_bias(random.below(4) > 0),
        has_states(random.below(2) == 0) {}

  [[nodiscard]] auto layer() const {
    const float* b = has_bias ? bias.data() : nullptr;
    const float* h = has_states ? hidden.data() : nullptr;
    if constexpr (std::is_same_v<Family, Lstm>) {
      return LstmFloat{geometry,
                       flag,
                       weights.data(),
                       recurrent.data(),
                       b,
                       h,
                       has_states ? cell.data() : nullptr};
    } else {
      return GruFloat{geometry, flag, weights.data(), recurrent.data(), b, h};
    }
  }

  RecurrentGeometry geometry;
  Guarded<float> weights, recurrent, bias, hidden, cell;
  bool flag, has_bias, has_states;
};

RecurrentGeometry random_geometry(Random& random) {
  RecurrentGeometry g;
  g.steps = pick(random, 1, random.below(4) == 0 ? 60 : 5);
  g.batch = pick(random, 1, random.below(4) == 0 ? 30 : 3);
  g.inputs = pick(random, 1, 40);
  g.hidden = pick(random, 1, random.below(4) == 0 ? 70 : 20);
  g.reverse = random.below(2) == 0;
  return g;
}

template <typename Kernel, typename Layer>
std::vector<float> run_kernel(const Kernel& kernel, const Layer& layer, const std::vector<float>& x,
                              Random& random) {
  constexpr size_t kVector = 64;  // what packed weights and scratch are aligned to
  const Guarded<float> packed(rubbish(kernel.packed_bytes(layer) / sizeof(float)),
                              either_end(random), kVector);
  kernel.pack(layer, packed.bytes());
  const Guarded<float> in(x, either_end(random));
  const Guarded<float> out(rubbish(outputs_of(layer)), either_end(random));
  const Guarded<float> scratch(rubbish(kernel.scratch_bytes(layer) / sizeof(float)),
                               either_end(random), kVector);
  kernel.run(layer, packed.bytes(), {in.data(), out.data(), scratch.bytes()});
  return out.values();
}

template <typename Family>
void expect_the_references_bits(const typename Family::Kernel& kernel) {
  if (!available(kernel.isa)) GTEST_SKIP() << "this machine lacks " << name(kernel.isa);
  Random random(1);
  for (int trial = 0; trial < 200; ++trial) {
    const RecurrentGeometry g = random_geometry(random);
    const GuardedLayer<Family> guarded(random, g);
    const auto layer = guarded.layer();
    ASSERT_TRUE(kernel.takes(layer));
    const auto x = random_values(random, g.steps * g.batch * g.inputs);
    ASSERT_TRUE(same_bits(run_kernel(kernel, layer, x, random), reference(layer, x)))
        << g.steps << " steps of " << g.batch << ", " << g.inputs << " -> " << g.hidden;
  }
}

// Each sequence of a batch gives what it gives alone, bit for bit.
template <typename Family>
void expect_sequences_on_their_own(const typename Family::Kernel& kernel) {
  if (!available(kernel.isa)) GTEST_SKIP() << "this machine lacks " << name(kernel.isa);
  Random random(2);
  for (int trial = 0; trial < 20; ++trial) {
    RecurrentGeometry g = random_geometry(random);
    g.batch = pick(random, 2, 9);
    GuardedLayer<Family> guarded(random, g);
    guarded.has_states = false;
    guarded.flag = false;
    const auto x = random_values(random, g.steps * g.batch * g.inputs);
    const auto together = run_kernel(kernel, guarded.layer(), x, random);
    guarded.geometry.batch = 1;
    for (int64_t n = 0; n < g.batch; ++n) {
      std::vector<float> own, expected;
      for (int64_t t = 0; t < g.steps; ++t) {
        const auto from = x.begin() + (t * g.batch + n) * g.inputs;
        own.insert(own.end(), from, from + g.inputs);
        const auto to = together.begin() + (t * g.batch + n) * g.hidden;
        expected.insert(expected.end(), to, to + g.hidden);
      }
      ASSERT_TRUE(same_bits(run_kernel(kernel, guarded.layer(), own, random), expected));
    }
  }
}

class LstmFloatKernels : public testing::TestWithParam<size_t> {};
class GruFloatKernels : public testing::TestWithParam<size_t> {};

TEST_P(LstmFloatKernels, HaveTheReferencesBits) {
  expect_the_references_bits<Lstm>(Lstm::kernels()[GetParam()]);
}
TEST_P(GruFloatKernels, HaveTheReferencesBits) {
  expect_the_references_bits<Gru>(Gru::kernels()[GetParam()]);
}
TEST_P(LstmFloatKernels, KeepTheSequencesOfABatchApart) {
  expect_sequences_on_their_own<Lstm>(Lstm::kernels()[GetParam()]);
}
TEST_P(GruFloatKernels, KeepTheSequencesOfABatchApart) {
  expect_sequences_on_their_own<Gru>(Gru::kernels()[GetParam()]);
}

template <typename Family>
std::string kernel_name(const testing::TestParamInfo<size_t>& info) {
  std::string text = name(Family::kernels()[info.param].isa);
  std::erase_if(text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
  return text;
}

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, LstmFloatKernels,
                         testing::Range(size_t{0}, lstm_float_kernels().size()), kernel_name<Lstm>);
INSTANTIATE_TEST_SUITE_P(EachInstructionSet, GruFloatKernels,
                         testing::Range(size_t{0}, gru_float_kernels().size()), kernel_name<Gru>);

}  // namespace
}  // namespace durward
