#include "quant/reconstruct.h"

#include <gmock/gmock.h>

#include "quant/quantize.h"
#include "quant/small_nets.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

// Moments of given patches, [patches][depth].
PatchMoments moments_of(const std::vector<std::vector<int64_t>>& patches) {
  PatchMoments moments;
  const size_t depth = patches[0].size();
  moments.depth = static_cast<int64_t>(depth);
  moments.count = static_cast<int64_t>(patches.size());
  moments.sums.resize(depth);
  moments.products.resize(depth * depth);
  for (const std::vector<int64_t>& patch : patches) {
    for (size_t i = 0; i < depth; ++i) {
      moments.sums[i] += patch[i];
      for (size_t j = 0; j < depth; ++j) moments.products[i * depth + j] += patch[i] * patch[j];
    }
  }
  return moments;
}

std::vector<std::vector<int64_t>> random_patches(Random& random, int count, size_t depth) {
  std::vector<std::vector<int64_t>> patches;
  for (int i = 0; i < count; ++i) {
    std::vector<int64_t> patch;
    const auto common = static_cast<int64_t>(random.below(200));
    for (size_t k = 0; k < depth; ++k) {
      patch.push_back(common + static_cast<int64_t>(random.below(40)) - 100);
    }
    patches.push_back(std::move(patch));
  }
  return patches;
}

// The least error of integers within two of the weights.
double least_error(const RoundingMetric& metric, const std::vector<double>& steps) {
  std::vector<double> integers(steps.size());
  double least = std::numeric_limits<double>::infinity();
  const int64_t choices = 5;
  int64_t all = 1;
  for (size_t i = 0; i < steps.size(); ++i) all *= choices;
  for (int64_t code = 0; code < all; ++code) {
    int64_t rest = code;
    for (size_t i = 0; i < steps.size(); ++i, rest /= choices) {
      integers[i] = std::nearbyint(steps[i]) + static_cast<double>(rest % choices) - 2;
    }
    least = std::min(least, metric.error(integers, steps));
  }
  return least;
}

TEST(RoundingMetric, OneWeightTakesBackTheErrorOfAnotherWithTheSameInput) {
  // The output is 0.8 x: the nearest integers, 0 and 0, give 0; 1 and 0 are off by 0.2 x.
  const PatchMoments moments = moments_of({{10, 10}, {-7, -7}, {3, 3}});
  const RoundingMetric metric(moments, 0, false);
  const std::vector<double> integers = metric.round(std::vector<double>{0.4, 0.4});
  EXPECT_EQ(integers[0] + integers[1], 1);
}

TEST(RoundingMetric, RoundsToNearestWhereInputsAreUncorrelatedOrAlwaysZero) {
  const std::vector<double> steps = {0.4, -1.6, 126.7};
  const PatchMoments uncorrelated = moments_of({{5, 0, 0}, {0, 5, 0}, {0, 0, 5}});
  EXPECT_THAT(RoundingMetric(uncorrelated, 0, false).round(steps), ElementsAre(0, -2, 127));
  const PatchMoments zero = moments_of({{0, 0, 0}});
  EXPECT_THAT(RoundingMetric(zero, 0, false).round(steps), ElementsAre(0, -2, 127));
}

TEST(RoundingMetric, LeavesAnErrorOfTheMeanToTheBiasWhereOneIsCorrected) {
  // All but constant inputs: what the weights' sum makes of them, the bias can take back.
  std::vector<std::vector<int64_t>> patches;
  for (int i = 0; i < 200; ++i) patches.push_back({50 + i % 2, 50 + i / 2 % 2});
  const PatchMoments moments = moments_of(patches);
  const std::vector<double> steps = {0.4, 0.4}, nearest = {0, 0}, other = {1, 0};
  const RoundingMetric centred(moments, 0, true), whole(moments, 0, false);
  EXPECT_LT(centred.error(nearest, steps), centred.error(other, steps));
  EXPECT_GT(whole.error(nearest, steps), 2 * whole.error(other, steps));
}

TEST(RoundingMetric, ComesCloseToTheBestOfAllIntegersAndIsNeverWorseThanTheNearest) {
  Random random(3);
  double found = 0, best = 0, nearest_errors = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const PatchMoments moments = moments_of(random_patches(random, 40, 5));
    const RoundingMetric metric(moments, 0, trial % 2 == 0);
    std::vector<double> steps, nearest;
    for (int i = 0; i < 5; ++i) steps.push_back(random.uniform() * 20 - 10);
    for (const double step : steps) nearest.push_back(std::nearbyint(step));
    const double error = metric.error(metric.round(steps), steps);
    EXPECT_LE(error, metric.error(nearest, steps) + 1e-9);
    found += error;
    best += least_error(metric, steps);
    nearest_errors += metric.error(nearest, steps);
  }
  EXPECT_LT(found, 1.1 * best);
  EXPECT_LT(found, 0.6 * nearest_errors);
}

TEST(RoundingMetric, KeepsToTheIntegersOfInt8Weights) {
  Random random(4);
  const RoundingMetric metric(moments_of(random_patches(random, 30, 4)), 0, false);
  for (const double q : metric.round(std::vector<double>{127, -127, 126.6, -126.6})) {
    EXPECT_LE(std::abs(q), 127);
  }
}

// Sums of the layer's inputs, quantised and multiplied out in the plainest way.
TEST(LayerInputs, HoldsTheProductsOfEveryPatchOfSmallInputs) {
  NetBuilder net(11);
  const TensorId x = net.input({1, 5, 6, 4});
  const TensorId first =
      net.op(Conv2D{.stride_h = 2, .stride_w = 1, .padding = {1, 1, 1, 1}, .groups = 2},
             {x, net.constant({6, 3, 3, 2}, gaussian(net.random, 6 * 3 * 3 * 2, 0.3))});
  net.output(first);
  const Graph& graph = net.graph;
  const auto inputs = random_inputs(graph, 3, 12);
  const auto quantised = quantize(graph, calibrate_on(graph, inputs), {});
  ASSERT_TRUE(quantised.ok()) << quantised.status();
  const auto interpreter = Interpreter::create(graph);
  ASSERT_TRUE(interpreter.ok());
  const auto observed = observe_layer_inputs(
      graph, *quantised, interpreter_source(graph, *interpreter, inputs), {2, nullptr});
  ASSERT_TRUE(observed.ok()) << observed.status();
  ASSERT_EQ(observed->size(), 1);
  const PatchMoments& moments = observed->begin()->second;
  EXPECT_EQ(moments.depth, 18);
  EXPECT_EQ(moments.count, 3 * 3 * 6);

  QuantParams params;
  for (const TensorId id : quantised->tensor_ids()) {
    const NodeId producer = quantised->producer(id);
    if (producer.valid() && quantised->op_as<Quantize>(producer) != nullptr) {
      params = *quantised->tensor(id).quant;
    }
  }
  std::vector<int64_t> sums(2 * 18), products(2 * 18 * 18);
  for (const std::vector<float>& input : inputs) {
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 6; ++column) {
        for (int group = 0; group < 2; ++group) {
          std::vector<int64_t> patch;
          for (int k = 0; k < 18; ++k) {
            const int y = row * 2 + k / 6 - 1, x_at = column + k / 2 % 3 - 1;
            const bool inside = y >= 0 && y < 5 && x_at >= 0 && x_at < 6;
            const int channel = group * 2 + k % 2;
            const float value =
                inside ? input[static_cast<size_t>((y * 6 + x_at) * 4 + channel)] : 0.0f;
            const float low = static_cast<float>(-128 - params.zero_points[0]);
            patch.push_back(static_cast<int64_t>(
                std::clamp(std::nearbyint(value / params.scales[0]), low, low + 255)));
          }
          for (int i = 0; i < 18; ++i) {
            sums[static_cast<size_t>(group * 18 + i)] += patch[static_cast<size_t>(i)];
            for (int j = 0; j < 18; ++j) {
              products[static_cast<size_t>((group * 18 + i) * 18 + j)] +=
                  patch[static_cast<size_t>(i)] * patch[static_cast<size_t>(j)];
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(moments.sums, sums);
  EXPECT_EQ(moments.products, products);
}

NodeId node_named(const Graph& graph, std::string_view name) {
  for (const NodeId id : graph.node_ids()) {
    if (graph.node(id).name == name) return id;
  }
  return {};
}

struct Reconstructed {
  Graph nearest, reconstructed;
};

Reconstructed reconstruct(const Graph& graph, const std::vector<std::vector<float>>& inputs,
                          int threads = 1) {
  const Calibration calibration = calibrate_on(graph, inputs);
  const auto nearest = quantize(graph, calibration, {});
  EXPECT_TRUE(nearest.ok()) << nearest.status();
  const auto interpreter = Interpreter::create(graph);
  const auto met = observe_layer_inputs(
      graph, *nearest, interpreter_source(graph, *interpreter, inputs), {threads, nullptr});
  EXPECT_TRUE(met.ok()) << met.status();
  EXPECT_EQ(met->size(), 7) << "each layer of the net has an input of its own";
  QuantizeOptions options;
  options.layer_inputs = &*met;
  const auto result = quantize(graph, calibration, options);
  EXPECT_TRUE(result.ok()) << result.status();
  return {*nearest, *result};
}

// The float graph with the weights and biases that the int8 layers of `quantised` have.
Graph with_rounded_weights(Graph graph, const Graph& quantised) {
  for (const NodeId id : graph.node_ids()) {
    if (!Layer::of(graph, id)) continue;
    const Layer layer = *Layer::of(graph, id);
    const Node& rounded = quantised.node(node_named(quantised, graph.node(id).name));
    const Tensor& weights = quantised.tensor(rounded.inputs[kWeightsInput]);
    const Tensor& bias = quantised.tensor(rounded.inputs[kBiasInput]);
    std::vector<float> real_weights, real_bias;
    for (const int8_t q : weights.values<int8_t>()) {
      const auto channel =
          static_cast<size_t>(layer.output_channel(static_cast<int64_t>(real_weights.size())));
      real_weights.push_back(static_cast<float>(q) * weights.quant->scales[channel]);
    }
    for (const int32_t q : bias.values<int32_t>()) {
      real_bias.push_back(static_cast<float>(q) * bias.quant->scales[real_bias.size()]);
    }
    const Shape shape = weights.shape, channels = bias.shape;
    graph.set_input(
        id, kWeightsInput,
        graph.add_constant(graph.unique_name("w"), shape, std::span<const float>(real_weights)));
    graph.set_input(
        id, kBiasInput,
        graph.add_constant(graph.unique_name("b"), channels, std::span<const float>(real_bias)));
  }
  return graph;
}

// Pictures have neighbours of like value.
std::vector<std::vector<float>> smooth_inputs(const Graph& graph, int count, uint64_t seed) {
  std::vector<std::vector<float>> inputs = random_inputs(graph, count, seed);
  for (std::vector<float>& input : inputs) {
    for (size_t i = 3; i < input.size(); ++i) input[i] = 0.9f * input[i - 3] + 0.3f * input[i];
  }
  return inputs;
}

TEST(Reconstruct, RoundsWeightsSoThatOtherInputsGiveNearerOutputs) {
  double nearest = 0, reconstructed = 0;
  for (const uint64_t seed : {5u, 6u, 7u, 8u}) {
    const Graph graph = inverted_residual(Activation::kPRelu, 3, seed);
    const Reconstructed graphs = reconstruct(graph, smooth_inputs(graph, 64, 1));
    const auto others = smooth_inputs(graph, 16, 2);
    nearest += 1 - agreement(graph, with_rounded_weights(graph, graphs.nearest), others);
    reconstructed +=
        1 - agreement(graph, with_rounded_weights(graph, graphs.reconstructed), others);
  }
  EXPECT_LT(reconstructed, 0.8 * nearest);
}

TEST(Reconstruct, GivesTheSameIntegersForAnyNumberOfThreads) {
  const Graph graph = inverted_residual(Activation::kRelu6, 3);
  const auto inputs = random_inputs(graph, 9, 1);
  const Graph one = reconstruct(graph, inputs, 1).reconstructed;
  const Graph three = reconstruct(graph, inputs, 3).reconstructed;
  ASSERT_EQ(one.tensor_count(), three.tensor_count());
  for (const TensorId id : one.tensor_ids()) {
    if (!one.tensor(id).constant()) continue;
    EXPECT_EQ(*one.tensor(id).data, *three.tensor(id).data) << one.tensor(id).name;
  }
}

}  // namespace
}  // namespace durward
