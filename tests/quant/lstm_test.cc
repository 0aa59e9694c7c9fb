// Recurrent networks quantised: which bits their inputs and weights get, and that they compute what
// the float network does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "quant/quantize.h"
#include "quant/small_nets.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kSteps = 30, kBands = 12, kHidden = 24;

// As a speaker encoder has it: layers, a projection of the last state with a ReLU, a norm.
// `weight` is the size of the first layer's weights of its input.
Graph encoder(double weight, uint64_t seed = 5) {
  NetBuilder b(seed);
  TensorId x = b.input({kSteps, 1, kBands});
  for (const int64_t inputs : {kBands, kHidden}) {
    const bool first = inputs == kBands;
    const double size = first ? weight : 0.25;
    const std::vector<TensorId> operands{
        x, b.constant({4 * kHidden, inputs}, gaussian(b.random, 4 * kHidden * inputs, size)),
        b.constant({4 * kHidden, kHidden}, gaussian(b.random, 4 * kHidden * kHidden, 0.3)),
        b.constant({4 * kHidden}, gaussian(b.random, 4 * kHidden, 0.3))};
    std::vector<TensorId> outputs;
    for (int i = 0; i < (first ? 1 : 2); ++i) {
      outputs.push_back(b.graph.add_tensor(b.graph.unique_name("y"), DataType::kFloat32, {}));
    }
    const NodeId id =
        b.graph.add_node(Lstm{kHidden}, first ? "first" : "second", operands, outputs);
    EXPECT_TRUE(infer_shapes(b.graph, id).ok());
    x = outputs.back();
  }
  const TensorId weights = b.constant({16, kHidden}, gaussian(b.random, 16 * kHidden, 0.5));
  const TensorId bias = b.constant({16}, gaussian(b.random, 16, 0.1));
  const TensorId embedding = b.op(FullyConnected{Activation::kRelu}, {x, weights, bias});
  const TensorId normal = b.op(L2Normalize{}, {embedding});
  b.graph.outputs.push_back({normal, "embedding", PortLayout::kAsIs});
  return b.graph;
}

// Powers of bands: quiet and loud steps a hundred thousand times apart.
std::vector<std::vector<float>> powers(int count, uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<float>> result;
  for (int i = 0; i < count; ++i) {
    std::vector<float>& sample = result.emplace_back();
    for (int64_t t = 0; t < kSteps; ++t) {
      const double loudness = std::pow(10, -4 + 4 * random.uniform());
      for (int64_t c = 0; c < kBands; ++c) {
        sample.push_back(static_cast<float>(loudness * std::pow(10, random.uniform())));
      }
    }
  }
  return result;
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
