// Quantised models: QDQ models keep their scales, quantised graphs are written as QDQ.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "formats/onnx/onnx_model.h"
#include "formats/onnx/onnxruntime_values.h"
#include "formats/onnx/reader.h"
#include "formats/onnx/writer.h"

namespace durward {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

onnx::ModelProto parsed(const std::string& bytes) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(bytes));
  return model;
}

// What quantisation-aware training in PyTorch leaves: x -> Q -> DQ -> Conv(int8 weights -> DQ,
// int32 bias -> DQ) -> Relu -> Q -> DQ, uint8 activations, weights per channel.
OnnxModel trained_model() {
  OnnxModel model(13);
  model.input("x", {1, 2, 5, 4});
  model.floats("x_scale", {}, {0.02f});
  model.constant<uint8_t>("x_zero", onnx::TensorProto::UINT8, {}, {100});
  model.floats("y_scale", {}, {0.05f});
  model.constant<uint8_t>("y_zero", onnx::TensorProto::UINT8, {}, {0});
  std::vector<int8_t> weights(3 * 2 * 3 * 3);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<int8_t>((i * 37) % 255 - 127);
  model.constant("w", onnx::TensorProto::INT8, {3, 2, 3, 3}, weights);
  model.floats("w_scale", {3}, {0.01f, 0.02f, 0.005f});
  model.constant<int8_t>("w_zero", onnx::TensorProto::INT8, {3}, {0, 0, 0});
  model.constant<int32_t>("b", onnx::TensorProto::INT32, {3}, {1000, -2000, 300});
  model.floats("b_scale", {3}, {0.02f * 0.01f, 0.02f * 0.02f, 0.02f * 0.005f});
  model.node("QuantizeLinear", {"x", "x_scale", "x_zero"}, {"xq"});
  model.node("DequantizeLinear", {"xq", "x_scale", "x_zero"}, {"xd"});
  model.node("DequantizeLinear", {"w", "w_scale", "w_zero"}, {"wd"}).set("axis", int64_t{0});
  model.node("DequantizeLinear", {"b", "b_scale"}, {"bd"}).set("axis", int64_t{0});
  model.node("Conv", {"xd", "wd", "bd"}, {"c"}).set("pads", {1, 1, 1, 1});
  model.node("Relu", {"c"}, {"r"});
  model.node("QuantizeLinear", {"r", "y_scale", "y_zero"}, {"yq"});
  model.node("DequantizeLinear", {"yq", "y_scale", "y_zero"}, {"y"});
  model.output("y", {1, 3, 5, 4});
  return model;
}

TEST(QuantizedOnnx, TrainedModelKeepsItsScales) {
  const auto graph = read_onnx(bytes_of(trained_model().bytes()));
  ASSERT_TRUE(graph.ok()) << graph.status();
  int quantized = 0, weights = 0, biases = 0;
  for (const TensorId id : graph->tensor_ids()) {
    const Tensor& tensor = graph->tensor(id);
    if (!tensor.quant) continue;
    if (tensor.name == "xq") {
      EXPECT_EQ(tensor.type, DataType::kInt8);
      EXPECT_THAT(tensor.quant->scales, ElementsAre(0.02f));
      EXPECT_THAT(tensor.quant->zero_points, ElementsAre(100 - 128));
      ++quantized;
    } else if (tensor.type == DataType::kInt32) {
      EXPECT_THAT(tensor.values<int32_t>(), ElementsAre(1000, -2000, 300));
      ++biases;
    } else if (tensor.constant()) {
      EXPECT_EQ(tensor.shape, (Shape{3, 3, 3, 2}));  // OHWI
      EXPECT_EQ(tensor.quant->axis, 0);
      EXPECT_THAT(tensor.quant->scales, ElementsAre(0.01f, 0.02f, 0.005f));
      // Element (o, y, x, i) of the IR is (o, i, y, x) of ONNX.
      EXPECT_EQ(tensor.values<int8_t>()[((2 * 3 + 1) * 3 + 2) * 2 + 1],
                static_cast<int8_t>((((2 * 2 + 1) * 3 + 1) * 3 + 2) * 37 % 255 - 127));
      ++weights;
    }
  }
  EXPECT_EQ(quantized, 1);
  EXPECT_EQ(weights, 1);
  EXPECT_EQ(biases, 1);
}

TEST(QuantizedOnnx, TrainedModelSurvivesReadingAndWriting) {
  if (!onnxruntime_available()) GTEST_SKIP() << "needs ONNX Runtime";
  const std::string original = trained_model().bytes();
  const auto graph = read_onnx(bytes_of(original));
  ASSERT_TRUE(graph.ok()) << graph.status();
  for (const OnnxActivationType type : {OnnxActivationType::kUInt8, OnnxActivationType::kInt8}) {
    const auto written = write_onnx(*graph, {.activations = type});
    ASSERT_TRUE(written.ok()) << written.status();
    const Values input = random_inputs(*graph, -2, 3);
    const auto expected = run_in_onnxruntime(bytes_of(original), input);
    const auto actual = run_in_onnxruntime(bytes_of(*written), input);
    ASSERT_TRUE(expected.ok()) << expected.status();
    ASSERT_TRUE(actual.ok()) << actual.status();
    expect_close(*actual, *expected, 0);
  }
}

TEST(QuantizedOnnx, FloatWeightsBehindQuantizeLinearBecomeIntegers) {
  // Fake quantisation of PyTorch: the weights stay float in the file.
  OnnxModel model(13);
  model.input("x", {1, 4});
  model.floats("w", {2, 4}, {0.5f, -0.25f, 1, 0.1f, 2, -2, 0.3f, 9});
  model.floats("scale", {2}, {0.01f, 0.02f});
  model.constant<int8_t>("zero", onnx::TensorProto::INT8, {2}, {0, 0});
  model.node("QuantizeLinear", {"w", "scale", "zero"}, {"wq"}).set("axis", int64_t{0});
  model.node("DequantizeLinear", {"wq", "scale", "zero"}, {"wd"}).set("axis", int64_t{0});
  model.node("Gemm", {"x", "wd"}, {"y"}).set("transB", int64_t{1});
  model.output("y", {1, 2});
  const auto graph = read_onnx(bytes_of(model.bytes()));
  ASSERT_TRUE(graph.ok()) << graph.status();
  bool found = false;
  for (const TensorId id : graph->tensor_ids()) {
    if (graph->tensor(id).type != DataType::kInt8) continue;
    EXPECT_THAT(graph->tensor(id).values<int8_t>(),
                ElementsAre(50, -25, 100, 10, 100, -100, 15, 127));
    found = true;
  }
  EXPECT_TRUE(found);
}

TEST(QuantizedOnnx, InputThatTheCallerQuantizesKeepsItsType) {
  OnnxModel model(13);
  model.input("x", {4}, onnx::TensorProto::UINT8);
  model.floats("s", {}, {0.5f});
  model.constant<uint8_t>("z", onnx::TensorProto::UINT8, {}, {100});
  model.node("DequantizeLinear", {"x", "s", "z"}, {"y"});
  model.output("y", {4});
  const auto graph = read_onnx(bytes_of(model.bytes()));
  ASSERT_TRUE(graph.ok()) << graph.status();
  const Tensor& input = graph->tensor(graph->inputs[0].tensor);
  EXPECT_EQ(input.type, DataType::kUInt8);
  EXPECT_THAT(input.quant->zero_points, ElementsAre(100));
  const auto written = write_onnx(*graph);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(parsed(*written).graph().input(0).type().tensor_type().elem_type(),
            onnx::TensorProto::UINT8);
}

TEST(QuantizedOnnx, ScaleThatIsNoneIsRefused) {
  for (const float scale : {0.0f, -1.0f, INFINITY}) {
    OnnxModel model(13);
    model.input("x", {4});
    model.floats("s", {}, {scale});
    model.constant<uint8_t>("z", onnx::TensorProto::UINT8, {}, {0});
    model.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).name("quantise");
    model.node("DequantizeLinear", {"q", "s", "z"}, {"y"});
    model.output("y", {4});
    const auto graph = read_onnx(bytes_of(model.bytes()));
    EXPECT_THAT(std::string(graph.status().message()), HasSubstr("'quantise'")) << scale;
  }
}

// ---- a graph as the quantiser makes it ----

QuantParams per_tensor(float scale, int32_t zero_point) { return {{scale}, {zero_point}, -1}; }

struct QuantizedLayer {
  Activation activation = Activation::kNone;
  float scale = 0.05f;
  int32_t zero_point = 3;
};

// float x -> Quantize -> Conv2D (int8 weights, int32 bias) -> Dequantize -> float y
Graph quantized_graph(const QuantizedLayer& layer) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DataType::kFloat32, {1, 5, 4, 2});
  graph.inputs.push_back({x, "data", PortLayout::kNchw});
  const TensorId xq =
      graph.add_tensor({"xq", DataType::kInt8, {1, 5, 4, 2}, per_tensor(0.02f, -28), {}});
  graph.add_node(Quantize{}, "quantize", {x}, {xq});
  std::vector<int8_t> values(3 * 3 * 3 * 2);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int8_t>((i * 37) % 255 - 127);
  const TensorId w = graph.add_constant<int8_t>("w", {3, 3, 3, 2}, values);
  graph.mutable_tensor(w).quant = QuantParams{{0.01f, 0.02f, 0.005f}, {0, 0, 0}, 0};
  const std::vector<int32_t> bias = {1000, -2000, 300};
  const TensorId b = graph.add_constant<int32_t>("b", {3}, bias);
  graph.mutable_tensor(b).quant = QuantParams{{0.0002f, 0.0004f, 0.0001f}, {0, 0, 0}, 0};
  std::vector<TensorId> inputs{xq, w, b};
  if (layer.activation == Activation::kPRelu) {
    const std::vector<float> slope = {0.25f, 0.5f, -0.1f};
    inputs.push_back(graph.add_constant<float>("slope", {3}, slope));
  }
  const TensorId yq = graph.add_tensor(
      {"yq", DataType::kInt8, {1, 5, 4, 3}, per_tensor(layer.scale, layer.zero_point), {}});
  graph.add_node(Conv2D{.padding = {1, 1, 1, 1}, .activation = layer.activation}, "conv", inputs,
                 {yq});
  const TensorId y = graph.add_tensor("y", DataType::kFloat32, {1, 5, 4, 3});
  graph.add_node(Dequantize{}, "dequantize", {yq}, {y});
  graph.outputs.push_back({y, "result", PortLayout::kNchw});
  return graph;
}

std::vector<std::string> op_types(const std::string& bytes) {
  std::vector<std::string> types;
  const onnx::ModelProto model = parsed(bytes);
  for (const onnx::NodeProto& node : model.graph().node()) types.push_back(node.op_type());
  return types;
}

TEST(QuantizedOnnx, GraphIsWrittenAsQdq) {
  const auto written = write_onnx(quantized_graph({}));
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(op_types(*written),
              ElementsAre("QuantizeLinear", "DequantizeLinear", "DequantizeLinear",
                          "DequantizeLinear", "Conv", "QuantizeLinear", "DequantizeLinear"));
  const onnx::ModelProto model = parsed(*written);
  EXPECT_EQ(model.producer_name(), "durward");
  EXPECT_EQ(model.graph().input(0).name(), "data");
  EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim(1).dim_value(), 2);
  EXPECT_EQ(model.graph().output(0).name(), "result");
  for (const onnx::TensorProto& constant : model.graph().initializer()) {
    if (constant.name() == "w_quantized") {
      EXPECT_EQ(constant.data_type(), onnx::TensorProto::INT8);
    }
    if (constant.name() == "xq_quantized_zero_point") {
      EXPECT_EQ(constant.data_type(), onnx::TensorProto::UINT8);
      EXPECT_EQ(constant.raw_data(), std::string(1, 100));
    }
  }
}

TEST(QuantizedOnnx, OnnxRuntimeComputesTheQuantizedGraph) {
  if (!onnxruntime_available()) GTEST_SKIP() << "needs ONNX Runtime";
  const Graph graph = quantized_graph({});
  const Values input = random_inputs(graph, -2, 3);
  const auto written = write_onnx(graph);
  ASSERT_TRUE(written.ok()) << written.status();
  const auto actual = run_in_onnxruntime(bytes_of(*written), input);
  ASSERT_TRUE(actual.ok()) << actual.status();
  // By the definition of the quantised convolution, in double precision.
  const auto quantized = [&](int64_t c, int64_t y, int64_t x) {
    if (y < 0 || y >= 5 || x < 0 || x >= 4) return 0.0;
    const float value = input[0][static_cast<size_t>((c * 5 + y) * 4 + x)];
    return std::clamp(std::nearbyint(value / 0.02f) + 100.0, 0.0, 255.0) - 100.0;
  };
  for (int64_t o = 0; o < 3; ++o) {
    for (int64_t y = 0; y < 5; ++y) {
      for (int64_t x = 0; x < 4; ++x) {
        double sum = std::vector<double>{1000, -2000, 300}[static_cast<size_t>(o)];
        for (int64_t i = 0; i < 18; ++i) {
          const int64_t index = o * 18 + i;  // (o, ky, kx, c) of the weights
          sum += quantized(i % 2, y + i / 6 - 1, x + i / 2 % 3 - 1) *
                 static_cast<double>(index * 37 % 255 - 127);
        }
        const double real =
            sum * 0.02 * std::vector<double>{0.01, 0.02, 0.005}[static_cast<size_t>(o)];
        const double expected =
            (std::clamp(std::nearbyint(real / 0.05) + 3, -128.0, 127.0) - 3) * 0.05;
        // One step of the output: the runtime rounds in float.
        EXPECT_NEAR((*actual)[0][static_cast<size_t>((o * 5 + y) * 4 + x)], expected, 0.0501);
      }
    }
  }
}

std::vector<std::string> kernels_in_onnxruntime(const std::string& model, const Values& input) {
  auto runtime = load_onnx_model(bytes_of(model), {.profile = true});
  EXPECT_TRUE(runtime.ok()) << runtime.status();
  if (!runtime.ok()) return {};
  std::vector<std::byte> output(static_cast<size_t>(elements((*runtime)->outputs()[0].shape) *
                                                    size_of((*runtime)->outputs()[0].type)));
  const std::span<const std::byte> in = std::as_bytes(std::span(input[0]));
  const std::span<std::byte> out = output;
  EXPECT_TRUE((*runtime)->run({&in, 1}, {&out, 1}).ok());
  const auto records = (*runtime)->profile();
  EXPECT_TRUE(records.ok()) << records.status();
  std::vector<std::string> kernels;
  for (const OpRecord& record : *records) kernels.push_back(record.op);
  return kernels;
}

TEST(QuantizedOnnx, OnnxRuntimeRunsAConvolutionWithItsReluInIntegers) {
  if (!onnxruntime_available()) GTEST_SKIP() << "needs ONNX Runtime";
  for (const Activation activation : {Activation::kNone, Activation::kRelu}) {
    const Graph graph = quantized_graph({activation, 0.05f, -128});
    const auto written = write_onnx(graph);
    ASSERT_TRUE(written.ok()) << written.status();
    // Its own Transpose nodes, which its NHWC kernels make worth while, may be there too.
    const auto kernels = kernels_in_onnxruntime(*written, random_inputs(graph, -2, 3));
    EXPECT_THAT(kernels, testing::Contains("QLinearConv"));
    EXPECT_THAT(kernels, testing::Not(testing::Contains("Conv")));
    EXPECT_THAT(kernels, testing::Not(testing::Contains("Relu")));
  }
}

// float x -> Quantize -> Reshape to a vector -> FullyConnected -> Dequantize -> float y
Graph flattened_graph() {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DataType::kFloat32, {1, 2, 3, 4});
  graph.inputs.push_back({x, "x", PortLayout::kNchw});
  const TensorId xq =
      graph.add_tensor({"xq", DataType::kInt8, {1, 2, 3, 4}, per_tensor(0.02f, -28), {}});
  graph.add_node(Quantize{}, "quantize", {x}, {xq});
  const TensorId flat =
      graph.add_tensor({"flat", DataType::kInt8, {1, 24}, per_tensor(0.02f, -28), {}});
  graph.add_node(Reshape{{1, 24}}, "flatten", {xq}, {flat});
  std::vector<int8_t> values(2 * 24);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int8_t>((i * 37) % 255 - 127);
  const TensorId w = graph.add_constant<int8_t>("w", {2, 24}, values);
  graph.mutable_tensor(w).quant = QuantParams{{0.01f, 0.02f}, {0, 0}, 0};
  const std::vector<int32_t> bias = {1000, -2000};
  const TensorId b = graph.add_constant<int32_t>("b", {2}, bias);
  graph.mutable_tensor(b).quant = QuantParams{{0.0002f, 0.0004f}, {0, 0}, 0};
  const TensorId yq = graph.add_tensor({"yq", DataType::kInt8, {1, 2}, per_tensor(0.1f, 7), {}});
  graph.add_node(FullyConnected{}, "fc", {flat, w, b}, {yq});
  const TensorId y = graph.add_tensor("y", DataType::kFloat32, {1, 2});
  graph.add_node(Dequantize{}, "dequantize", {yq}, {y});
  graph.outputs.push_back({y, "y", PortLayout::kAsIs});
  return graph;
}

TEST(QuantizedOnnx, FlattenedImageNeedsNoTranspose) {
  if (!onnxruntime_available()) GTEST_SKIP() << "needs ONNX Runtime";
  const Graph graph = flattened_graph();
  const Values input = random_inputs(graph, -2, 3);
  const auto written = write_onnx(graph);
  ASSERT_TRUE(written.ok()) << written.status();
  const std::vector<std::string> types = op_types(*written);
  EXPECT_EQ(std::count(types.begin(), types.end(), "Transpose"), 0);
  EXPECT_THAT(kernels_in_onnxruntime(*written, input), testing::Contains("QGemm"));
  const auto actual = run_in_onnxruntime(bytes_of(*written), input);
  ASSERT_TRUE(actual.ok()) << actual.status();
  for (int64_t o = 0; o < 2; ++o) {
    double sum = o == 0 ? 1000 : -2000;
    for (int64_t k = 0; k < 24; ++k) {  // (y, x, c) of the image, given as (c, y, x)
      const int64_t c = k % 4, x = k / 4 % 3, y = k / 12;
      const float value = input[0][static_cast<size_t>((c * 2 + y) * 3 + x)];
      const double q = std::clamp(std::nearbyint(value / 0.02f) + 100.0, 0.0, 255.0) - 100.0;
      sum += q * static_cast<double>((o * 24 + k) * 37 % 255 - 127);
    }
    const double real = sum * 0.02 * (o == 0 ? 0.01 : 0.02);
    const double expected = (std::clamp(std::nearbyint(real / 0.1) + 7, -128.0, 127.0) - 7) * 0.1;
    EXPECT_NEAR((*actual)[0][static_cast<size_t>(o)], expected, 0.1001);
  }
}

TEST(QuantizedOnnx, SameGraphGivesTheSameBytes) {
  const auto first = write_onnx(flattened_graph());
  const auto second = write_onnx(flattened_graph());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*first, *second);
}

TEST(QuantizedOnnx, ActivationThatTheRangeImpliesIsLeftOut) {
  const auto ops = [](const QuantizedLayer& layer) {
    const auto written = write_onnx(quantized_graph(layer));
    EXPECT_TRUE(written.ok()) << written.status();
    return op_types(*written);
  };
  const auto has = [](const std::vector<std::string>& types, const char* type) {
    return std::count(types.begin(), types.end(), type) != 0;
  };
  // q = -128 stands for 0: everything below is clipped anyway.
  EXPECT_FALSE(has(ops({Activation::kRelu, 0.05f, -128}), "Relu"));
  EXPECT_TRUE(has(ops({Activation::kRelu, 0.05f, -127}), "Relu"));
  // 255 * 6/255 = 6: the range ends where ReLU6 does.
  EXPECT_FALSE(has(ops({Activation::kRelu6, 6.0f / 255.0f, -128}), "Clip"));
  EXPECT_TRUE(has(ops({Activation::kRelu6, 0.05f, -128}), "Clip"));
  EXPECT_TRUE(has(ops({Activation::kPRelu, 0.05f, 3}), "PRelu"));
}

TEST(QuantizedOnnx, IntegerPortsLeaveQuantisingToTheCaller) {
  const auto written = write_onnx(quantized_graph({}), {.ports = OnnxPortType::kQuantized});
  ASSERT_TRUE(written.ok()) << written.status();
  const onnx::ModelProto model = parsed(*written);
  EXPECT_EQ(model.graph().input(0).type().tensor_type().elem_type(), onnx::TensorProto::UINT8);
  EXPECT_EQ(model.graph().output(0).type().tensor_type().elem_type(), onnx::TensorProto::UINT8);
  EXPECT_EQ(model.graph().output(0).name(), "result");
  EXPECT_EQ(op_types(*written)[0], "DequantizeLinear");

  OnnxModel plain(13);
  plain.input("x", {4});
  plain.node("Relu", {"x"}, {"y"});
  plain.output("y", {4});
  const auto graph = read_onnx(bytes_of(plain.bytes()));
  ASSERT_TRUE(graph.ok());
  const auto refused = write_onnx(*graph, {.ports = OnnxPortType::kQuantized});
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("'x'"));
}

TEST(QuantizedOnnx, AllActivationsCanBeRead) {
  const Graph graph = quantized_graph({Activation::kPRelu});
  const auto result = export_onnx(graph, {.all_activations = true});
  ASSERT_TRUE(result.ok()) << result.status();
  std::vector<std::string> names;
  for (const OnnxOutput& output : result->outputs) {
    EXPECT_TRUE(output.nchw);
    names.push_back(graph.tensor(output.tensor).name);
  }
  EXPECT_THAT(names, ElementsAre("y", "xq", "yq"));
}

}  // namespace
}  // namespace durward
