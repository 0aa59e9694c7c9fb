#include "quant/quantize.h"

#include <gmock/gmock.h>

#include <limits>

#include "quant/equalize.h"
#include "quant/small_nets.h"

namespace durward {
namespace {

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
