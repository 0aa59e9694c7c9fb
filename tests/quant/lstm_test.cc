// Recurrent networks quantised: which bits their inputs and weights get, and that they compute what
// the float network does.
#include "quant/lstm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/quantize.h"
#include "quant/small_encoder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kSteps = 30, kBands = 12, kHidden = 24;

Graph encoder(double weight) { return small_encoder(weight); }

std::vector<std::vector<float>> powers(int count, uint64_t seed) {
  return band_powers(count, seed);
}

std::vector<std::vector<float>> waves(int count, uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<float>> result;
  for (int i = 0; i < count; ++i) result.push_back(gaussian(random, kSteps * kBands, 1));
  return result;
}

Graph quantize_on(const Graph& graph, const std::vector<std::vector<float>>& samples,
                  const QuantizeOptions& options = {}) {
  auto result = quantize(graph, calibrate_on(graph, samples), options);
  EXPECT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(verify(*result).ok()) << verify(*result);
  return *std::move(result);
}

std::vector<Node> lstms(const Graph& graph) {
  std::vector<Node> nodes;
  for (const NodeId id : graph.topological_order()) {
    if (graph.op_as<Lstm>(id) != nullptr) nodes.push_back(graph.node(id));
  }
  return nodes;
}

DataType type_of_input(const Graph& graph, const Node& node, size_t i) {
  return graph.tensor(node.inputs[i]).type;
}

double worst_cosine(const Graph& graph, const Graph& quantized,
                    const std::vector<std::vector<float>>& samples) {
  const auto one = Interpreter::create(graph), other = Interpreter::create(quantized);
  EXPECT_TRUE(one.ok() && other.ok()) << one.status() << other.status();
  double worst = 1;
  for (const std::vector<float>& sample : samples) {
    const std::vector<float> a = run(*one, graph, sample), b = run(*other, quantized, sample);
    double product = 0;
    for (size_t i = 0; i < a.size(); ++i) product += double{a[i]} * double{b[i]};
    worst = std::min(worst, product);  // both have length 1
  }
  return worst;
}

TEST(QuantizeLstm, HasSixteenBitsOfStateAndEightOfWeights) {
  const Graph graph = encoder(0.1);
  const Graph quantized = quantize_on(graph, waves(8, 1));
  const std::vector<Node> nodes = lstms(quantized);
  ASSERT_EQ(nodes.size(), 2);
  for (const Node& node : nodes) {
    EXPECT_EQ(type_of_input(quantized, node, 0), DataType::kInt16);
    EXPECT_EQ(type_of_input(quantized, node, 1), DataType::kInt8);
    EXPECT_EQ(type_of_input(quantized, node, 2), DataType::kInt8);
  }
  // The second reads what the first wrote, and the norm alone computes in float.
  EXPECT_EQ(nodes[1].inputs[0], nodes[0].outputs[0]);
  const std::vector<NodeId> islands = float_islands(quantized);
  ASSERT_EQ(islands.size(), 1);
  EXPECT_NE(quantized.op_as<L2Normalize>(islands[0]), nullptr);
  EXPECT_GT(worst_cosine(graph, quantized, waves(20, 2)), 0.999);
}

TEST(QuantizeLstm, WidensAnInputOfHugeRangeAndItsWeights) {
  const Graph graph = encoder(8);
  const Graph quantized = quantize_on(graph, powers(8, 1));
  const std::vector<Node> nodes = lstms(quantized);
  ASSERT_EQ(nodes.size(), 2);
  EXPECT_EQ(type_of_input(quantized, nodes[0], 0), DataType::kInt32);
  EXPECT_EQ(type_of_input(quantized, nodes[0], 1), DataType::kInt16);
  EXPECT_EQ(type_of_input(quantized, nodes[1], 0), DataType::kInt16);
  EXPECT_GT(worst_cosine(graph, quantized, powers(20, 2)), 0.999);
  // Twenty times as loud as anything that was seen.
  std::vector<std::vector<float>> loud = powers(5, 3);
  for (auto& sample : loud) {
    for (float& value : sample) value *= 20;
  }
  EXPECT_GT(worst_cosine(graph, quantized, loud), 0.999);
}

TEST(QuantizeLstm, StaysInFloatWhereItIsAskedTo) {
  const Graph graph = encoder(0.1);
  QuantizeOptions options;
  options.keep_float = {"first"};
  const Graph quantized = quantize_on(graph, waves(4, 1), options);
  const std::vector<Node> nodes = lstms(quantized);
  ASSERT_EQ(nodes.size(), 2);
  EXPECT_EQ(type_of_input(quantized, nodes[0], 0), DataType::kFloat32);
  EXPECT_EQ(type_of_input(quantized, nodes[1], 0), DataType::kInt16);
  EXPECT_GT(worst_cosine(graph, quantized, waves(10, 2)), 0.999);
}

TEST(QuantizeLstm, StaysInFloatWithStatesOfItsOwn) {
  NetBuilder b(3);
  std::vector<TensorId> operands{b.input({2, 1, 3}), b.constant({8, 3}, gaussian(b.random, 24, 1)),
                                 b.constant({8, 2}, gaussian(b.random, 16, 1)), TensorId{},
                                 b.constant({1, 2}, {0.5f, -0.5f})};
  const TensorId y = b.op(Lstm{2}, operands);
  b.graph.outputs.push_back({y, "y", PortLayout::kAsIs});
  const Graph quantized = quantize_on(b.graph, random_inputs(b.graph, 3, 1));
  ASSERT_EQ(lstms(quantized).size(), 1);
  EXPECT_EQ(type_of_input(quantized, lstms(quantized)[0], 0), DataType::kFloat32);
}

TEST(QuantizeLstm, RefusesWeightsThatAreNotFinite) {
  Graph graph = encoder(0.1);
  const Calibration calibration = calibrate_on(graph, waves(2, 1));
  const Node& node = graph.node(graph.topological_order().front());
  std::vector<float> values(4 * kHidden * kBands);
  values[7] = std::numeric_limits<float>::infinity();
  const auto bytes = std::as_bytes(std::span(values));
  graph.mutable_tensor(node.inputs[1]).data =
      std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
  EXPECT_THAT(std::string(quantize(graph, calibration, {}).status().message()),
              HasSubstr("holds inf"));
}

// The graph with what `quantized` holds of its Lstms, as training leaves it: weights that are whole
// multiples of their scales, which it has in Tensor::trained.
Graph with_trained_weights(const Graph& graph, const Graph& quantized) {
  Graph result = graph;
  for (const NodeId id : graph.topological_order()) {
    if (graph.op_as<Lstm>(id) == nullptr) continue;
    const std::vector<Node> nodes = lstms(quantized);
    const auto int_node = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) {
      return node.name == graph.node(id).name;
    });
    const QuantParams& input = *quantized.tensor(int_node->inputs[0]).quant;
    const float largest = *std::max_element(input.scales.begin(), input.scales.end());
    for (const size_t i : {size_t{1}, size_t{2}}) {
      const Tensor& integers = quantized.tensor(int_node->inputs[i]);
      const auto columns = static_cast<size_t>(integers.shape[1]);
      std::vector<float> values(static_cast<size_t>(elements(integers.shape)));
      for (size_t k = 0; k < values.size(); ++k) {
        const int q = integers.type == DataType::kInt16 ? int{integers.values<int16_t>()[k]}
                                                        : int{integers.values<int8_t>()[k]};
        const bool shared = i == 1 && input.scales.size() > 1;
        const double share = shared ? double{input.scales[k % columns]} / double{largest} : 1;
        values[k] = static_cast<float>(q * double{integers.quant->scales[k / columns]} / share);
      }
      const TensorId constant = result.add_constant(result.unique_name("trained"), integers.shape,
                                                    std::span<const float>(values));
      result.mutable_tensor(constant).trained = integers.quant;
      result.set_input(id, i, constant);
    }
  }
  return result;
}

TEST(QuantizeLstm, KeepsTheIntegersThatTrainingLeft) {
  QuantizeOptions options;
  options.correct_bias = false;
  for (const double weight : {0.1, 8.0}) {
    const Graph graph = encoder(weight);
    const auto samples = weight < 1 ? waves(8, 1) : powers(8, 1);
    const Graph quantized = quantize_on(graph, samples, options);
    Graph trained = with_trained_weights(graph, quantized);
    const Graph again = quantize_on(trained, samples, options);
    for (size_t i = 0; i < 2; ++i) {
      const Node before = lstms(quantized)[i], after = lstms(again)[i];
      for (const size_t input : {size_t{1}, size_t{2}}) {
        const Tensor &one = quantized.tensor(before.inputs[input]),
                     &other = again.tensor(after.inputs[input]);
        EXPECT_EQ(one.type, other.type);
        EXPECT_EQ(*one.data, *other.data);
        EXPECT_EQ(one.quant, other.quant);
      }
    }
  }
}

TEST(QuantizeLstm, RoundsAnewWhereWeightsAreNoLongerWhole) {
  const Graph graph = encoder(0.1);
  const auto samples = waves(8, 1);
  const Graph quantized = quantize_on(graph, samples);
  Graph trained = with_trained_weights(graph, quantized);
  const NodeId first = trained.topological_order().front();
  const TensorId weights = trained.node(first).inputs[1];
  const auto values = trained.tensor(weights).values<float>();
  std::vector<float> moved(values.begin(), values.end());
  moved[3] *= 1.3f;
  const auto bytes = std::as_bytes(std::span(moved));
  trained.mutable_tensor(weights).data =
      std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
  const Graph again = quantize_on(trained, samples);
  EXPECT_GT(worst_cosine(trained, again, waves(10, 2)), 0.999);
}

// Mean of 1 - cosine.
double distance(const Graph& graph, const Graph& quantized,
                const std::vector<std::vector<float>>& samples) {
  double sum = 0;
  for (const std::vector<float>& sample : samples) {
    sum += 1 - worst_cosine(graph, quantized, {sample});
  }
  return sum / static_cast<double>(samples.size());
}

TEST(QuantizeLstm, ReconstructionAndABiasThatIsCorrectedBringItCloser) {
  const Graph graph = encoder(0.1);
  const auto samples = waves(60, 1);
  const Calibration calibration = calibrate_on(graph, samples);
  QuantizeOptions options;
  options.correct_bias = false;
  const auto nearest = quantize(graph, calibration, options);
  ASSERT_TRUE(nearest.ok()) << nearest.status();
  const auto interpreter = Interpreter::create(graph);
  const auto met = observe_layer_inputs(
      graph, *nearest, interpreter_source(graph, *interpreter, samples), {1, nullptr});
  ASSERT_TRUE(met.ok()) << met.status();
  // The sequence, both hidden states, and what the projection takes.
  EXPECT_EQ(met->size(), 4);
  options.layer_inputs = &*met;
  options.correct_bias = true;
  const auto reconstructed = quantize(graph, calibration, options);
  ASSERT_TRUE(reconstructed.ok()) << reconstructed.status();
  const auto others = waves(40, 2);
  EXPECT_LT(distance(graph, *reconstructed, others), 0.8 * distance(graph, *nearest, others));
}

// What is summed of a sequence, in the plainest way.
TEST(LayerInputs, HoldsTheProductsOfASequencesSteps) {
  const Graph graph = encoder(8);
  const auto samples = powers(2, 1);
  const Graph quantized = quantize_on(graph, samples);
  const auto interpreter = Interpreter::create(graph);
  const auto met = observe_layer_inputs(
      graph, quantized, interpreter_source(graph, *interpreter, samples), {1, nullptr});
  ASSERT_TRUE(met.ok()) << met.status();
  const PatchMoments& moments = met->at(sequence_source(graph, graph.inputs[0].tensor));
  const QuantParams& params = *quantized.tensor(lstms(quantized)[0].inputs[0]).quant;
  ASSERT_EQ(params.scales.size(), static_cast<size_t>(kBands));
  EXPECT_EQ(moments.count, 2 * kSteps);
  std::vector<int64_t> products(static_cast<size_t>(kBands * kBands));
  for (const std::vector<float>& sample : samples) {
    for (size_t t = 0; t < static_cast<size_t>(kSteps); ++t) {
      const auto code = [&](size_t k) {
        // 32 bits without the last 11.
        const float steps = sample[t * kBands + k] / (params.scales[k] * 2048);
        return static_cast<int64_t>(std::min(std::nearbyint(steps), 32767.0f));
      };
      for (size_t i = 0; i < kBands; ++i) {
        for (size_t j = 0; j < kBands; ++j) products[i * kBands + j] += code(i) * code(j);
      }
    }
  }
  EXPECT_EQ(moments.products, products);
}

// As importers write it: sequences first, and the last state cut out of them.
TEST(QuantizeLstm, WhatOnlyMovesItsInputsAndOutputsTakesNoBitsFromThem) {
  NetBuilder b(5);
  const TensorId input = b.input({1, kSteps, kBands});
  const TensorId x = b.op(Reshape{{kSteps, 1, kBands}}, {input});
  const std::vector<TensorId> operands{
      x, b.constant({4 * kHidden, kBands}, gaussian(b.random, 4 * kHidden * kBands, 40)),
      b.constant({4 * kHidden, kHidden}, gaussian(b.random, 4 * kHidden * kHidden, 0.3)),
      b.constant({4 * kHidden}, gaussian(b.random, 4 * kHidden, 0.3))};
  const TensorId y = b.graph.add_tensor("y", DataType::kFloat32, {});
  const NodeId lstm = b.graph.add_node(Lstm{kHidden}, "lstm", operands, {y});
  ASSERT_TRUE(infer_shapes(b.graph, lstm).ok());
  const TensorId last = b.op(Slice{{kSteps - 1, 0, 0}, {kSteps, 1, kHidden}, {1, 1, 1}}, {y});
  const TensorId flat = b.op(Reshape{{1, kHidden}}, {last});
  const TensorId weights = b.constant({16, kHidden}, gaussian(b.random, 16 * kHidden, 0.5));
  b.output(b.op(FullyConnected{}, {flat, weights, b.constant({16}, gaussian(b.random, 16, 0.1))}));
  const auto samples = powers(24, 3);
  const Graph quantised = quantize_on(b.graph, samples);
  for (const NodeId id : quantised.topological_order()) {
    for (const TensorId output : quantised.node(id).outputs) {
      EXPECT_NE(quantised.tensor(output).type, DataType::kInt8) << quantised.node(id).name;
    }
  }
  EXPECT_GT(agreement(b.graph, quantised, powers(8, 4)), 0.999);
}

}  // namespace
}  // namespace durward
