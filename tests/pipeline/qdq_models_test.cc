// Models that quantisation-aware training left keep their scales.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "formats/onnx/onnx_model.h"
#include "formats/onnx/reader.h"
#include "formats/onnx/writer.h"
#include "passes/passes.h"
#include "pipeline/pictures.h"
#include "pipeline/quantized_models.h"
#include "quant/small_nets.h"
#include "runtimes/embedder.h"

namespace durward {
namespace {

using ::testing::ElementsAreArray;

constexpr int kPictures = 12;

// As PyTorch writes a model after quantisation-aware training: uint8 activations, int8 weights per
// channel (of the last layer per tensor), float biases, each ReLU in front of its QuantizeLinear.
class TorchModel {
 public:
  TorchModel() : model_(13) {
    model_.input("x", {1, 3, 16, 16});
    std::string x = activation("x", 2.0f / 255, 128);
    x = relu(conv(x, "stem", {8, 3, 3, 3}, 1), 4.0f / 255, 0);
    x = relu(conv(x, "depthwise", {8, 1, 3, 3}, 8), 2.5f / 255, 0);
    model_.node("MaxPool", {x}, {"pooled"}).set("kernel_shape", {2, 2}).set("strides", {2, 2});
    model_.node("Flatten", {"pooled"}, {"flat"});
    const std::string w = weights("embedding", {24, 512}, 1, 0.001f);
    model_.node("Gemm", {"flat", w, bias("embedding", 24)}, {"gemm"}).set("transB", int64_t{1});
    model_.node("Identity", {activation("gemm", 5.0f / 255, 120)}, {"y"});
    model_.output("y", {1, 24});
  }

  [[nodiscard]] std::string bytes() const { return model_.bytes(); }
  [[nodiscard]] const std::vector<int8_t>& integers(const std::string& name) const {
    return integers_.at(name);
  }

 private:
  std::string activation(const std::string& x, float scale, uint8_t zero_point) {
    model_.floats(x + ".s", {}, {scale});
    model_.constant<uint8_t>(x + ".z", onnx::TensorProto::UINT8, {}, {zero_point});
    model_.node("QuantizeLinear", {x, x + ".s", x + ".z"}, {x + ".q"});
    model_.node("DequantizeLinear", {x + ".q", x + ".s", x + ".z"}, {x + ".dq"});
    return x + ".dq";
  }

  // With `count` scales along the first dimension; 1 is for the whole tensor.
  std::string weights(const std::string& name, const std::vector<int64_t>& shape, int64_t count,
                      float scale) {
    int64_t size = 1;
    for (const int64_t dimension : shape) size *= dimension;
    std::vector<int8_t>& values = integers_[name];
    for (int64_t i = 0; i < size; ++i) {
      values.push_back(static_cast<int8_t>(std::floor(255 * random_.uniform()) - 127));
    }
    const std::string w = name + ".weight";
    model_.constant(w, onnx::TensorProto::INT8, shape, values);
    const Shape scale_shape = count == 1 ? Shape{} : Shape{count};
    std::vector<float> scales;
    for (int64_t i = 0; i < count; ++i) {
      scales.push_back(scale * static_cast<float>(0.5 + random_.uniform()));
    }
    model_.floats(w + ".s", scale_shape, scales);
    model_.constant(w + ".z", onnx::TensorProto::INT8, scale_shape,
                    std::vector<int8_t>(static_cast<size_t>(count), 0));
    model_.node("DequantizeLinear", {w, w + ".s", w + ".z"}, {w + ".dq"}).set("axis", int64_t{0});
    return w + ".dq";
  }

  std::string bias(const std::string& name, int64_t count) {
    model_.floats(name + ".bias", {count}, gaussian(random_, count, 0.2));
    return name + ".bias";
  }

  std::string conv(const std::string& x, const std::string& name, const std::vector<int64_t>& shape,
                   int64_t groups) {
    const std::string w = weights(name, shape, shape[0], 0.004f);
    model_.node("Conv", {x, w, bias(name, shape[0])}, {name})
        .set("pads", {1, 1, 1, 1})
        .set("group", groups);
    return name;
  }

  std::string relu(const std::string& x, float scale, uint8_t zero_point) {
    model_.node("Relu", {x}, {x + ".relu"});
    return activation(x + ".relu", scale, zero_point);
  }

  OnnxModel model_;
  Random random_{3};
  std::map<std::string, std::vector<int8_t>> integers_;
};

struct Compressed {
  Graph original;  // with its Quantize and Dequantize nodes
  QuantizedModels models;
};

Compressed compressed(const std::string& onnx, const Samples& samples) {
  Compressed result;
  auto graph = read_onnx(bytes_of(onnx));
  EXPECT_TRUE(graph.ok()) << graph.status();
  result.original = *graph;
  take_quantization(*graph);
  EXPECT_TRUE(simplify(*graph).ok());
  auto models = quantize_models(*graph, samples, {.threads = 2});
  EXPECT_TRUE(models.ok()) << models.status();
  if (models.ok()) result.models = *std::move(models);
  return result;
}

std::vector<QuantParams> activation_params(const Graph& graph) {
  std::vector<QuantParams> params;
  for (const NodeId id : graph.topological_order()) {
    const Tensor& output = graph.tensor(graph.node(id).outputs[0]);
    if (output.quant) params.push_back(*output.quant);
  }
  return params;
}

// The int8 constants that layers use.
std::vector<Tensor> layer_weights(const Graph& graph) {
  std::vector<Tensor> weights;
  for (const NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    if (node.inputs.size() < 3) continue;
    weights.push_back(graph.tensor(node.inputs[1]));
  }
  return weights;
}

// The least cosine between ONNX Runtime on `onnx`, whose ports are NCHW, and the graph.
double least_cosine(const std::string& onnx, const Graph& graph, const Samples& samples) {
  auto model = load_onnx_model(bytes_of(onnx), {});
  EXPECT_TRUE(model.ok()) << model.status();
  const auto interpreter = Interpreter::create(graph);
  EXPECT_TRUE(interpreter.ok()) << interpreter.status();
  double least = 1;
  for (int64_t i = 0; i < samples.count; ++i) {
    const std::vector<float> pixels = read_sample(samples, i).value();
    std::vector<float> planes(pixels.size());
    nhwc_to_nchw(pixels, samples.shape, planes);
    const std::vector<float> ours = run(*interpreter, graph, pixels);
    std::vector<float> theirs(ours.size());
    const std::span<const std::byte> in[] = {std::as_bytes(std::span(planes))};
    const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(theirs))};
    const absl::Status status = (*model)->run(in, out);
    EXPECT_TRUE(status.ok()) << status;
    double product = 0, a = 0, b = 0;
    for (size_t k = 0; k < ours.size(); ++k) {
      product += double{ours[k]} * theirs[k];
      a += double{ours[k]} * ours[k];
      b += double{theirs[k]} * theirs[k];
    }
    least = std::min(least, product / std::sqrt(a * b));
  }
  return least;
}

TEST(QdqModels, OfPyTorchKeepTheirScalesAndIntegers) {
  const TorchModel torch;
  const Samples samples = samples_of(kPictures);
  const Compressed result = compressed(torch.bytes(), samples);
  const Graph& reference = result.models.reference;
  ASSERT_TRUE(result.models.kept.has_value());
  EXPECT_EQ(result.models.kept->activations, 4);
  EXPECT_EQ(result.models.kept->layers, 3);
  EXPECT_EQ(result.models.kept->all_layers, 3);
  EXPECT_TRUE(float_islands(reference).empty());

  const QuantParams input{{2.0f / 255}, {0}, -1}, stem{{4.0f / 255}, {-128}, -1},
      depthwise{{2.5f / 255}, {-128}, -1}, embedding{{5.0f / 255}, {-8}, -1};
  // The pooled and flattened depthwise layer has its scale.
  EXPECT_THAT(activation_params(reference),
              ElementsAreArray({input, stem, depthwise, depthwise, depthwise, embedding}));
  const std::vector<Tensor> weights = layer_weights(reference);
  ASSERT_EQ(weights.size(), 3u);
  const std::string names[] = {"stem", "depthwise", "embedding"};
  for (size_t i = 0; i < 3; ++i) {
    // The order in memory differs.
    const auto stored = weights[i].values<int8_t>();
    std::vector<int8_t> ours(stored.begin(), stored.end()), theirs = torch.integers(names[i]);
    EXPECT_NE(ours, std::vector<int8_t>(ours.size(), 0));
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    EXPECT_EQ(ours, theirs) << names[i];
  }
}

TEST(QdqModels, OfPyTorchGiveWhatOnnxRuntimeGives) {
  if (!is_available(RuntimeKind::kOnnxRuntime)) GTEST_SKIP() << "ONNX Runtime was not found";
  const TorchModel torch;
  const Samples samples = samples_of(kPictures);
  const Compressed result = compressed(torch.bytes(), samples);
  for (const Graph* form :
       {&result.models.reference, &result.models.litert, &result.models.onnxruntime}) {
    EXPECT_GT(least_cosine(torch.bytes(), *form, samples), 0.999);
  }
}

// Our own export of a PReLU network, which is written as sums of layers.
TEST(QdqModels, OfOurOwnWriterKeepTheirScales) {
  if (!is_available(RuntimeKind::kOnnxRuntime)) GTEST_SKIP() << "ONNX Runtime was not found";
  NetBuilder net(11);
  TensorId x = net.input({1, 16, 16, 3});
  net.graph.inputs[0].layout = PortLayout::kNchw;
  x = net.conv(x, 8, 3, Activation::kPRelu, 4);
  x = net.depthwise(x, Activation::kPRelu);
  x = net.op(Pool2D{.kernel_h = 4, .kernel_w = 4, .stride_h = 4, .stride_w = 4}, {x});
  const TensorId flat = net.op(Reshape{{1, 4 * 4 * 8}}, {x});
  net.output(
      net.op(FullyConnected{}, {flat, net.constant({24, 128}, gaussian(net.random, 24 * 128, 0.05)),
                                net.constant({24}, gaussian(net.random, 24, 0.1))}));
  const Samples samples = samples_of(kPictures);
  const auto first = quantize_models(net.graph, samples, {.threads = 2});
  ASSERT_TRUE(first.ok()) << first.status();
  const auto onnx = write_onnx(first->onnxruntime, {});
  ASSERT_TRUE(onnx.ok()) << onnx.status();

  const Compressed again = compressed(*onnx, samples);
  ASSERT_TRUE(again.models.kept.has_value());
  EXPECT_EQ(again.models.kept->layers, again.models.kept->all_layers);
  EXPECT_TRUE(float_islands(again.models.reference).empty());
  const std::vector<QuantParams> before = activation_params(again.original);
  for (const QuantParams& params : activation_params(again.models.reference)) {
    EXPECT_THAT(before, testing::Contains(params));
  }
  EXPECT_GT(least_cosine(*onnx, again.models.reference, samples), 0.999);
}

}  // namespace
}  // namespace durward
