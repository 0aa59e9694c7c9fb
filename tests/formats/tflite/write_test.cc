// The file itself: ports, versions, bytes, and what cannot be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/agreement.h"
#include "formats/tflite/tflite_generated.h"

namespace durward {
namespace {

using testing::HasSubstr;

const QuantParams kInput = per_tensor(1.0f / 64, -3);
const QuantParams kOutput = per_tensor(0.05f, 7);

// A convolution, an addition and a classifier in int8.
Graph int8_graph() {
  GraphMaker make;
  const TensorId x = make.int8_input({1, 7, 7, 4}, kInput);
  const TensorId weights = make.int8_weights({4, 3, 3, 4}, 0, 0.002f);
  const TensorId conv = make.int8(Conv2D{1, 1, 1, 1, {1, 1, 1, 1}, 1, Activation::kRelu},
                                  {x, weights, make.int32_bias(x, weights, 1000)}, kOutput);
  const TensorId sum = make.int8(Binary{BinaryKind::kAdd}, {conv, x}, kOutput);
  const TensorId flat = make.int8(Reshape{{1, 196}}, {sum}, kOutput);
  const TensorId matrix = make.int8_weights({5, 196}, 0, 0.002f);
  make.output(make.int8(FullyConnected{}, {flat, matrix, make.int32_bias(flat, matrix, 1000)},
                        per_tensor(0.1f, 0)));
  return make.graph();
}

Graph float_graph() {
  GraphMaker make;
  const TensorId x = make.float_input({1, 8, 8, 3});
  TensorId y = make.real(Conv2D{2, 2, 1, 1, {0, 1, 0, 1}, 1, Activation::kNone},
                         {x, make.floats({4, 3, 3, 3}), make.floats({4})});
  y = make.real(PRelu{}, {y, make.floats({4})});
  y = make.real(DepthwiseConv2D{1, 1, 1, 1, {1, 1, 1, 1}, Activation::kNone},
                {y, make.floats({1, 3, 3, 4}), make.floats({4})});
  y = make.real(Unary{UnaryKind::kRelu6}, {y});
  y = make.real(Pool2D{PoolKind::kMax, 2, 2, 2, 2, {}, false}, {y});
  y = make.real(Reshape{{1, 16}}, {y});
  y = make.real(FullyConnected{}, {y, make.floats({6, 16}), make.floats({6})});
  make.output(make.real(L2Normalize{1, 1e-12f}, {y}));
  return make.graph();
}

// The text of a graph in which tensors are numbered in order, whatever their names are.
std::string structure(const Graph& graph) {
  Graph renamed = graph;
  renamed.compact();
  renamed.name = "";
  int number = 0;
  for (const NodeId id : renamed.topological_order()) {
    const Node node = renamed.node(id);
    for (const TensorId tensor : node.inputs) {
      if (renamed.tensor(tensor).constant()) {
        renamed.mutable_tensor(tensor).name = absl::StrCat("c", ++number);
      }
    }
    for (const TensorId tensor : node.outputs) {
      renamed.mutable_tensor(tensor).name = absl::StrCat("t", ++number);
    }
  }
  for (Port& port : renamed.inputs) {
    port.name = "in";
    renamed.mutable_tensor(port.tensor).name = "in";
  }
  for (Port& port : renamed.outputs) port.name = "out";
  return to_string(renamed);
}

TEST(Write, WhatIsReadBackIsTheSameGraph) {
  for (const Graph& graph : {float_graph(), int8_graph()}) {
    const auto model = write_tflite(graph);
    ASSERT_TRUE(model.ok()) << model.status();
    const auto again = read_tflite(std::span<const std::byte>(*model));
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(structure(*again), structure(graph));
    const auto inputs = random_inputs(graph, 5);
    const auto before = interpret(graph, inputs);
    const auto after = interpret(*again, inputs);
    ASSERT_TRUE(before.ok() && after.ok()) << before.status() << after.status();
    EXPECT_EQ(*before, *after);  // the constants too, then
  }
}

TEST(Write, TheSameGraphGivesTheSameBytes) {
  EXPECT_EQ(*write_tflite(int8_graph()), *write_tflite(int8_graph()));
}

TEST(Write, Int8PortsCarryTheQuantisation) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  const Graph graph = int8_graph();
  const Floats input = random_floats(196, 5);
  std::vector<int8_t> levels;
  for (const float value : input) {
    levels.push_back(static_cast<int8_t>(
        std::clamp(std::nearbyint(value / kInput.scales[0]) + -3.0f, -128.0f, 127.0f)));
  }
  const auto real = export_and_run(graph, {bytes_of(input)});
  const auto integers = export_and_run(graph, {bytes_of(levels)}, {.int8_ports = true});
  ASSERT_TRUE(real.ok() && integers.ok()) << real.status() << integers.status();
  const Floats expected = values_of<float>((*real)[0]);
  const std::vector<int8_t> actual = values_of<int8_t>((*integers)[0]);
  ASSERT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(expected[i], 0.1f * static_cast<float>(actual[i]), 1e-5f);
  }
}

TEST(Write, Int8PortsComeBackAsFloatPortsOfTheSameName) {
  const Graph graph = int8_graph();
  const auto model = write_tflite(graph, {.int8_ports = true});
  ASSERT_TRUE(model.ok()) << model.status();
  const auto again = read_tflite(std::span<const std::byte>(*model));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->inputs[0].name, graph.inputs[0].name);
  EXPECT_EQ(again->outputs[0].name, graph.outputs[0].name);
  EXPECT_EQ(structure(*again), structure(graph));
}

TEST(Write, Int8PortsOfAFloatGraphAreRefused) {
  const auto model = write_tflite(float_graph(), {.int8_ports = true});
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(model.status().message()), HasSubstr("cannot become int8"));
}

std::vector<std::pair<std::string, int>> versions(const Graph& graph,
                                                  TfliteOps ops = TfliteOps::kCurrent) {
  std::vector<std::pair<std::string, int>> result;
  const auto model = write_tflite(graph, {.ops = ops});
  EXPECT_TRUE(model.ok()) << model.status();
  if (!model.ok()) return result;
  for (const auto* code : *tflite::GetModel(model->data())->operator_codes()) {
    result.emplace_back(tflite::EnumNameBuiltinOperator(code->builtin_code()), code->version());
  }
  return result;
}

TEST(Write, OperatorVersionsAreTheSmallestThatTfliteDefines) {
  using Version = std::pair<std::string, int>;
  EXPECT_THAT(versions(float_graph()),
              testing::UnorderedElementsAre(
                  Version{"CONV_2D", 1}, Version{"PRELU", 1}, Version{"DEPTHWISE_CONV_2D", 1},
                  Version{"RELU6", 1}, Version{"MAX_POOL_2D", 1}, Version{"RESHAPE", 1},
                  Version{"FULLY_CONNECTED", 1}, Version{"L2_NORMALIZATION", 1}));
  EXPECT_THAT(versions(int8_graph()),
              testing::UnorderedElementsAre(
                  Version{"QUANTIZE", 1}, Version{"CONV_2D", 3}, Version{"ADD", 2},
                  Version{"RESHAPE", 1}, Version{"FULLY_CONNECTED", 4}, Version{"DEQUANTIZE", 2}));
}

// A layer of a PReLU as extrema, pooled, and a classifier.
Graph detector_graph() {
  GraphMaker make;
  const TensorId x = make.int8_input({1, 6, 6, 3}, kInput);
  const auto layer = [&] {
    const TensorId weights = make.int8_weights({4, 3, 3, 3}, 0, 0.003f);
    return make.int8(Conv2D{}, {x, weights, make.int32_bias(x, weights, 1000)}, kOutput);
  };
  const TensorId larger = make.int8(Binary{BinaryKind::kMaximum}, {layer(), layer()}, kOutput);
  const Pool2D pool{.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2};
  const TensorId pooled = make.int8(pool, {larger}, kOutput);
  const TensorId matrix = make.int8_weights({5, 4}, 0, 0.01f);
  make.output(make.int8(FullyConnected{.activation = Activation::kRelu},
                        {pooled, matrix, make.int32_bias(pooled, matrix, 1000)},
                        per_tensor(0.02f, -5)));
  return make.graph();
}

TEST(Write, OlderTfliteMicroGetsOneScaleForAFullyConnectedLayerAndVersionsThatItFinds) {
  using Version = std::pair<std::string, int>;
  const Graph graph = detector_graph();
  EXPECT_THAT(versions(graph), testing::UnorderedElementsAre(
                                   Version{"QUANTIZE", 1}, Version{"CONV_2D", 3},
                                   Version{"MAXIMUM", 2}, Version{"MAX_POOL_2D", 2},
                                   Version{"FULLY_CONNECTED", 5}, Version{"DEQUANTIZE", 2}));
  EXPECT_THAT(versions(graph, TfliteOps::kMicro),
              testing::UnorderedElementsAre(Version{"QUANTIZE", 1}, Version{"CONV_2D", 3},
                                            Version{"MAXIMUM", 2}, Version{"MAX_POOL_2D", 2},
                                            Version{"RESHAPE", 1}, Version{"DEQUANTIZE", 2}));
  EXPECT_THAT(versions(graph, TfliteOps::kMicro2020),
              testing::UnorderedElementsAre(Version{"QUANTIZE", 1}, Version{"CONV_2D", 3},
                                            Version{"MAXIMUM", 1}, Version{"MAX_POOL_2D", 1},
                                            Version{"RESHAPE", 1}, Version{"DEQUANTIZE", 2}));
}

TEST(Write, AFullyConnectedLayerOfOneScaleStaysOne) {
  GraphMaker make;
  const TensorId x = make.int8_input({2, 8}, kInput);
  const TensorId matrix = make.int8_weights({1, 8}, 0, 0.01f);
  make.output(make.int8(FullyConnected{}, {x, matrix}, kOutput));
  for (const TfliteOps ops : {TfliteOps::kMicro, TfliteOps::kMicro2020}) {
    EXPECT_THAT(versions(make.graph(), ops),
                testing::Contains(std::pair<std::string, int>("FULLY_CONNECTED", 4)));
  }
}

TEST(Write, ForOlderTfliteMicroComputesTheSameBits) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  for (const Graph& graph : {detector_graph(), int8_graph()}) {
    const auto inputs = random_inputs(graph, 3, -2, 2);
    const auto current = export_and_run(graph, inputs);
    ASSERT_TRUE(current.ok()) << current.status();
    for (const TfliteOps ops : {TfliteOps::kMicro, TfliteOps::kMicro2020}) {
      const auto older = export_and_run(graph, inputs, {.ops = ops});
      ASSERT_TRUE(older.ok()) << older.status();
      EXPECT_EQ(*older, *current);
    }
  }
}

TEST(Write, WhatOlderTfliteMicroLacksIsListed) {
  GraphMaker make;
  const TensorId x = make.int8_input({1, 4, 4, 4}, kInput);
  const TensorId grouped = make.int8_weights({4, 1, 1, 2}, 0, 0.01f);
  const TensorId y = make.int8(Conv2D{.groups = 2}, {x, grouped}, kOutput);
  make.output(make.int8(Transpose{{0, 3, 1, 2}}, {y}, kOutput));
  const auto model = write_tflite(make.graph(), {.ops = TfliteOps::kMicro2020});
  EXPECT_EQ(model.status().code(), absl::StatusCode::kUnimplemented);
  const std::string message(model.status().message());
  EXPECT_THAT(message, HasSubstr("micro-2020"));
  EXPECT_THAT(message, HasSubstr("CONV_2D version 6"));
  EXPECT_THAT(message, HasSubstr("TRANSPOSE version 2"));
  EXPECT_TRUE(write_tflite(make.graph(), {.ops = TfliteOps::kMicro}).ok());
}

TEST(Write, SetsOfOperatorsAreKnownByName) {
  for (const std::string_view name : tflite_ops_names()) {
    const auto ops = parse_tflite_ops(name);
    ASSERT_TRUE(ops.ok()) << ops.status();
    EXPECT_EQ(to_string(*ops), name);
  }
  EXPECT_THAT(std::string(parse_tflite_ops("micro-1999").status().message()),
              HasSubstr("micro-2020"));
}

TEST(Write, EverythingThatCannotBeWrittenIsListedAtOnce) {
  GraphMaker make;
  const TensorId x = make.int8_input({1, 4, 4, 3}, kInput);
  const TensorId weights = make.int8_weights({3, 1, 1, 3}, 0, 0.01f);
  const TensorId conv =
      make.int8(Conv2D{1, 1, 1, 1, {}, 1, Activation::kPRelu},
                {x, weights, make.int32_bias(x, weights, 10), make.floats({3})}, kInput);
  const TensorId root = make.int8(Unary{UnaryKind::kSqrt}, {conv}, kInput);
  make.output(make.real(Unary{UnaryKind::kErf}, {make.real(Dequantize{}, {root})}));
  const auto model = write_tflite(make.graph());
  EXPECT_EQ(model.status().code(), absl::StatusCode::kUnimplemented);
  const std::string message(model.status().message());
  EXPECT_THAT(message, HasSubstr("3 nodes"));
  EXPECT_THAT(message, HasSubstr("fused PReLU"));
  EXPECT_THAT(message, HasSubstr("Sqrt in int8"));
  EXPECT_THAT(message, HasSubstr("Erf"));
}

}  // namespace
}  // namespace durward
