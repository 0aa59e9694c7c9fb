#include "quant/quantize.h"

#include <gmock/gmock.h>

#include <limits>

#include "quant/equalize.h"
#include "quant/small_nets.h"

namespace durward {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

Graph quantized(const Graph& graph, const Calibration& calibration,
                const QuantizeOptions& options = {}) {
  auto result = quantize(graph, calibration, options);
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

NodeId node_named(const Graph& graph, std::string_view name) {
  for (const NodeId id : graph.node_ids()) {
    if (graph.node(id).name == name) return id;
  }
  return {};
}

TEST(Quantize, GivesTheGraphOfTheSpecification) {
  const Graph graph = inverted_residual(Activation::kPRelu, 3);
  const Graph result = quantized(graph, calibrate_on(graph, random_inputs(graph, 8, 1)));
  EXPECT_TRUE(verify(result).ok());
  EXPECT_TRUE(float_islands(result).empty());
  int quantizes = 0, dequantizes = 0;
  for (const NodeId id : result.topological_order()) {
    const Node& node = result.node(id);
    if (result.op_as<Quantize>(id) != nullptr) {
      ++quantizes;
      EXPECT_TRUE(result.is_input(node.inputs[0]));
      continue;
    }
    if (result.op_as<Dequantize>(id) != nullptr) {
      ++dequantizes;
      EXPECT_TRUE(result.is_output(node.outputs[0]));
      continue;
    }
    const Tensor& output = result.tensor(node.outputs[0]);
    EXPECT_EQ(output.type, DataType::kInt8);
    ASSERT_TRUE(output.quant.has_value());
    EXPECT_FALSE(output.quant->per_axis());
    if (node.inputs.size() < 3) continue;
    const bool depthwise = result.op_as<DepthwiseConv2D>(id) != nullptr;
    const Tensor& input = result.tensor(node.inputs[0]);
    const Tensor& weights = result.tensor(node.inputs[1]);
    const Tensor& bias = result.tensor(node.inputs[2]);
    EXPECT_EQ(weights.quant->axis, depthwise ? 3 : 0);
    EXPECT_EQ(weights.quant->scales.size(), static_cast<size_t>(weights.shape[depthwise ? 3 : 0]));
    for (const int8_t value : weights.values<int8_t>()) EXPECT_GE(value, -127);
    EXPECT_EQ(bias.type, DataType::kInt32);
    for (size_t c = 0; c < bias.quant->scales.size(); ++c) {
      EXPECT_EQ(bias.quant->scales[c], input.quant->scales[0] * weights.quant->scales[c]);
      EXPECT_EQ(bias.quant->zero_points[c], 0);
    }
  }
  EXPECT_EQ(quantizes, 1);
  EXPECT_EQ(dequantizes, 1);
}

TEST(Quantize, StaysCloseToFloatOnInputsItHasNotSeen) {
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kPRelu}) {
    const Graph graph = inverted_residual(activation, 2);
    // Enough samples that the extremes of the last layer, one value each, are known.
    const Graph result = quantized(graph, calibrate_on(graph, random_inputs(graph, 400, 1)));
    EXPECT_GT(agreement(graph, result, random_inputs(graph, 16, 99)), 0.99)
        << static_cast<int>(activation);
  }
}

TEST(Quantize, NeedsEqualisationWhereChannelsDiffer) {
  const Graph graph = inverted_residual(Activation::kPRelu, 300);
  const auto unseen = random_inputs(graph, 16, 99);
  Calibration calibration = calibrate_on(graph, random_inputs(graph, 64, 1));
  const double plain = 1 - agreement(graph, quantized(graph, calibration), unseen);
  Graph equal = graph;
  ASSERT_TRUE(equalize(equal, calibration, {}).ok());
  const double better = 1 - agreement(graph, quantized(equal, calibration), unseen);
  EXPECT_LT(better, plain / 2);
  EXPECT_LT(better, 0.01);
}

TEST(Quantize, CorrectsTheMeanErrorOfRoundedWeights) {
  // One large weight makes the scale so coarse that all others round to zero, or up to it.
  NetBuilder net(1);
  const TensorId x = net.input({1, 64});
  std::vector<float> weights(64 * 2, 0.0035f);
  weights[0] = weights[64] = 1;
  net.output(net.op(FullyConnected{}, {x, net.constant({2, 64}, weights)}));
  std::vector<std::vector<float>> inputs = random_inputs(net.graph, 64, 1);
  for (auto& input : inputs) {
    for (float& value : input) value = std::abs(value);
  }
  const Calibration calibration = calibrate_on(net.graph, inputs);
  const double corrected = 1 - agreement(net.graph, quantized(net.graph, calibration), inputs);
  QuantizeOptions without;
  without.correct_bias = false;
  const double plain = 1 - agreement(net.graph, quantized(net.graph, calibration, without), inputs);
  EXPECT_LT(corrected, plain / 3);
}

TEST(Quantize, KeepsNamedNodesInFloatAndSaysSo) {
  const Graph graph = inverted_residual(Activation::kRelu, 2);
  const auto inputs = random_inputs(graph, 8, 1);
  const Calibration calibration = calibrate_on(graph, inputs);
  QuantizeOptions options;
  options.keep_float = {graph.node(graph.node_ids()[2]).name};
  const Graph result = quantized(graph, calibration, options);
  const std::vector<NodeId> islands = float_islands(result);
  ASSERT_EQ(islands.size(), 1u);
  EXPECT_EQ(result.node(islands[0]).name, options.keep_float[0]);
  EXPECT_GT(agreement(graph, result, inputs), 0.995);
  options.keep_float = {"nobody"};
  const absl::Status status = quantize(graph, calibration, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nobody"));
}

TEST(Quantize, LeavesOpsWithoutAnIntegerKernelInFloat) {
  NetBuilder net(1);
  const TensorId x = net.input({1, 4, 4, 2});
  const TensorId y = net.conv(x, 4, 1, Activation::kRelu);
  const TensorId root = net.op(Unary{UnaryKind::kExp}, {y});
  net.output(net.conv(root, 3, 1, Activation::kNone));
  const auto inputs = random_inputs(net.graph, 8, 1);
  const Graph result = quantized(net.graph, calibrate_on(net.graph, inputs));
  ASSERT_EQ(float_islands(result).size(), 1u);
  EXPECT_EQ(op_name(result.node(float_islands(result)[0]).op), "Exp");
  EXPECT_GT(agreement(net.graph, result, inputs), 0.995);
}

TEST(Quantize, SharesScalesWhereTheSpecificationAsksForIt) {
  NetBuilder net(1);
  const TensorId x = net.input({1, 4, 4, 2});
  const TensorId a = net.conv(x, 4, 1, Activation::kNone), b = net.conv(x, 4, 1, Activation::kRelu);
  const TensorId largest = net.op(Binary{BinaryKind::kMaximum, Activation::kNone}, {a, b});
  const TensorId joined = net.op(Concat{3}, {largest, b});
  const TensorId pooled = net.op(Pool2D{.kernel_h = 2, .kernel_w = 2}, {joined});
  net.output(net.conv(pooled, 3, 1, Activation::kNone));
  const auto inputs = random_inputs(net.graph, 8, 1);
  const Graph result = quantized(net.graph, calibrate_on(net.graph, inputs));
  std::vector<QuantParams> params;
  for (const NodeId id : result.topological_order()) {
    const Node& node = result.node(id);
    if (!std::holds_alternative<Binary>(node.op) && !std::holds_alternative<Concat>(node.op) &&
        !std::holds_alternative<Pool2D>(node.op)) {
      continue;
    }
    for (const TensorId input : node.inputs) params.push_back(*result.tensor(input).quant);
    params.push_back(*result.tensor(node.outputs[0]).quant);
  }
  ASSERT_EQ(params.size(), 8u);
  for (const QuantParams& each : params) EXPECT_EQ(each, params[0]);
  EXPECT_GT(agreement(net.graph, result, inputs), 0.995);
}

TEST(Quantize, RescalesAFixedScaleInFrontOfAConcat) {
  NetBuilder net(1);
  const TensorId x = net.input({1, 4});
  const TensorId gate = net.op(Unary{UnaryKind::kSigmoid}, {x});
  const TensorId scaled =
      net.op(Binary{BinaryKind::kMul, Activation::kNone}, {x, net.constant({1}, {10})});
  net.output(net.op(Concat{1}, {gate, scaled}));
  const auto inputs = random_inputs(net.graph, 32, 1);
  const Graph result = quantized(net.graph, calibrate_on(net.graph, inputs));
  const Node& concat = result.node(
      result.producer(result.node(result.producer(result.outputs[0].tensor)).inputs[0]));
  EXPECT_EQ(*result.tensor(result.node(node_named(result, "n")).outputs[0]).quant,
            (QuantParams{{1.0f / 256}, {-128}, -1}));
  EXPECT_EQ(*result.tensor(concat.inputs[0]).quant, *result.tensor(concat.inputs[1]).quant);
  EXPECT_GT(agreement(net.graph, result, inputs), 0.999);
}

TEST(Quantize, NormalisesEmbeddingsToAFixedScale) {
  NetBuilder net(1);
  const TensorId x = net.input({1, 64});
  net.output(net.op(
      L2Normalize{1},
      {net.op(FullyConnected{}, {x, net.constant({32, 64}, gaussian(net.random, 32 * 64, 0.1))})}));
  const auto inputs = random_inputs(net.graph, 32, 1);
  const Graph result = quantized(net.graph, calibrate_on(net.graph, inputs));
  const NodeId last = result.producer(result.outputs[0].tensor);
  ASSERT_NE(result.op_as<Dequantize>(last), nullptr);
  EXPECT_EQ(*result.tensor(result.node(last).inputs[0]).quant,
            (QuantParams{{1.0f / 128}, {0}, -1}));
  EXPECT_GT(agreement(net.graph, result, inputs), 0.998);
}

TEST(Quantize, SurvivesDeadChannelsWithALargeBias) {
  NetBuilder net(1);
  const TensorId x = net.input({1, 4});
  net.output(
      net.op(FullyConnected{}, {x, net.constant({3, 4}, {0, 0, 0, 0, 1e-12f, 0, 0, 0, 1, 1, 1, 1}),
                                net.constant({3}, {5, -3, 0})}));
  const auto inputs = random_inputs(net.graph, 16, 1);
  const Graph result = quantized(net.graph, calibrate_on(net.graph, inputs));
  EXPECT_GT(agreement(net.graph, result, inputs), 0.999);
}

TEST(Quantize, NamesTheLayerOfANaNWeight) {
  NetBuilder net(1);
  const TensorId x = net.input({1, 2});
  const TensorId y = net.op(FullyConnected{}, {x, net.constant({1, 2}, {1, 1})});
  net.output(y);
  const Calibration calibration = calibrate_on(net.graph, random_inputs(net.graph, 4, 1));
  const NodeId id = net.graph.producer(y);
  net.graph.set_input(id, 1, net.constant({1, 2}, {1, std::numeric_limits<float>::quiet_NaN()}));
  const absl::Status status = quantize(net.graph, calibration, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'n'"));
}

TEST(Quantize, RefusesTheCalibrationOfAnotherGraph) {
  const Graph graph = inverted_residual(Activation::kRelu, 2);
  const absl::Status status = quantize(graph, Calibration{}, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("statistics"));
}

// A layer whose weights are `integers` times the trained scales, between trained activations.
Graph trained_layer(const std::vector<int8_t>& integers, const std::vector<float>& scales) {
  NetBuilder net(1);
  const TensorId x = net.input({1, 2});
  std::vector<float> weights;
  for (size_t i = 0; i < integers.size(); ++i) {
    weights.push_back(static_cast<float>(integers[i]) * scales[i / 2 % scales.size()]);
  }
  const TensorId w = net.constant({2, 2}, weights);
  net.graph.mutable_tensor(x).trained = {{0.03f}, {-5}, -1};
  net.graph.mutable_tensor(w).trained = {scales, std::vector<int32_t>(scales.size(), 0),
                                         scales.size() == 1 ? -1 : 0};
  const TensorId y = net.op(FullyConnected{}, {x, w, net.constant({2}, {0.25f, -1})});
  net.graph.mutable_tensor(y).trained = {{0.7f}, {12}, -1};
  net.output(y);
  return std::move(net.graph);
}

// The node between the ends.
const Node& only_layer(const Graph& graph) {
  for (const NodeId id : graph.node_ids()) {
    if (graph.op_as<FullyConnected>(id) != nullptr) return graph.node(id);
  }
  ADD_FAILURE() << to_string(graph);
  return graph.node(graph.node_ids()[0]);
}

TEST(Quantize, KeepsTrainedScalesAndGivesTheSameIntegers) {
  const std::vector<int8_t> integers{3, -127, 50, 100};
  const std::vector<std::vector<float>> cases{{0.0137f, 0.61f}, {0.0173f}};
  for (const std::vector<float>& scales : cases) {
    const Graph graph = trained_layer(integers, scales);
    const Graph result = quantized(graph, calibrate_on(graph, random_inputs(graph, 4, 1)));
    const Node& layer = only_layer(result);
    EXPECT_EQ(result.tensor(layer.inputs[0]).quant, graph.tensor(graph.inputs[0].tensor).trained);
    EXPECT_EQ(result.tensor(layer.outputs[0]).quant, graph.tensor(graph.outputs[0].tensor).trained);
    const Tensor& weights = result.tensor(layer.inputs[1]);
    EXPECT_EQ(weights.quant->scales, (std::vector<float>{scales.front(), scales.back()}));
    EXPECT_THAT(weights.values<int8_t>(), ElementsAreArray(integers));
  }
}

TEST(Quantize, WritesTheLowestTrainedWeightAsTheLowestThereIs) {
  const Graph graph = trained_layer({-128, 1, 127, 2}, {0.01f});
  const Graph result = quantized(graph, calibrate_on(graph, random_inputs(graph, 4, 1)));
  const Tensor& weights = result.tensor(only_layer(result).inputs[1]);
  EXPECT_THAT(weights.values<int8_t>(), ElementsAreArray({-127, 1, 127, 2}));
  EXPECT_EQ(weights.quant->scales, (std::vector<float>{0.01f, 0.01f}));
}

TEST(Quantize, ChoosesOtherScalesForTrainedWeightsThatWereChanged) {
  Graph graph = trained_layer({3, -127, 50, 100}, {0.01f});
  const NodeId layer = graph.producer(graph.outputs[0].tensor);
  const TensorId weights = graph.node(layer).inputs[1];
  const std::vector<float> changed{0.031f, -1.3f, 0.5f, 1};
  const auto bytes = std::as_bytes(std::span(changed));
  graph.mutable_tensor(weights).data =
      std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
  EXPECT_FALSE(trained_scales(graph, *Layer::of(graph, layer)));
  const Graph result = quantized(graph, calibrate_on(graph, random_inputs(graph, 4, 1)));
  EXPECT_EQ(result.tensor(only_layer(result).inputs[1]).quant->scales,
            (std::vector<float>{1.3f / 127, 1.0f / 127}));
}

TEST(Quantize, PassesTrainedScalesThroughOpsThatShareThem) {
  NetBuilder net(1);
  const TensorId x = net.input({1, 4, 4, 2});
  const TensorId y = net.conv(x, 4, 1, Activation::kRelu);
  const TensorId pooled = net.op(Pool2D{.kernel_h = 2, .kernel_w = 2}, {y});
  const TensorId flat = net.op(Reshape{{1, 36}}, {pooled});
  net.graph.mutable_tensor(pooled).trained = {{0.03f}, {-128}, -1};
  net.output(flat);
  const Graph result =
      quantized(net.graph, calibrate_on(net.graph, random_inputs(net.graph, 4, 1)));
  for (const NodeId id : result.topological_order()) {
    const Node& node = result.node(id);
    if (result.op_as<Quantize>(id) != nullptr || result.op_as<Dequantize>(id) != nullptr) continue;
    EXPECT_EQ(result.tensor(node.outputs[0]).quant, net.graph.tensor(pooled).trained) << node.name;
  }
  EXPECT_EQ(result.node_count(), 5u) << to_string(result);
}

TEST(Quantize, GivesTheSameBytesEveryTime) {
  const Graph graph = inverted_residual(Activation::kPRelu, 9);
  const auto inputs = random_inputs(graph, 16, 1);
  const Graph a = quantized(graph, calibrate_on(graph, inputs, 1));
  const Graph b = quantized(graph, calibrate_on(graph, inputs, 3));
  ASSERT_EQ(to_string(a), to_string(b));
  for (const TensorId id : a.tensor_ids()) {
    EXPECT_EQ(a.tensor(id).quant, b.tensor(id).quant);
    if (a.tensor(id).constant()) {
      EXPECT_EQ(*a.tensor(id).data, *b.tensor(id).data);
    }
  }
}

}  // namespace
}  // namespace durward
