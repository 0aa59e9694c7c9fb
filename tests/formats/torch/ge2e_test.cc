// The speaker encoder: a small one written out, the published one against numbers of another
// implementation and against ONNX Runtime.
//
// The numbers were computed from the published weights by numpy in double, the LSTM as a plain loop
// over PyTorch's formulas, and the file read by Python's pickle module.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "compile/session_equality.h"
#include "formats/onnx/writer.h"
#include "formats/torch/import.h"
#include "graph/cost.h"
#include "passes/passes.h"
#include "runtimes/runtime.h"
#include "support/demo_material.h"

namespace durward {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

constexpr size_t kFrames = 160, kMels = 40;

std::vector<float> frames() {
  std::vector<float> values;
  for (size_t t = 0; t < kFrames; ++t) {
    for (size_t m = 0; m < kMels; ++m) {
      const double wave = std::sin(0.05 * static_cast<double>(t) + 0.3 * static_cast<double>(m));
      values.push_back(static_cast<float>(0.1 * wave * wave));
    }
  }
  return values;
}

template <typename Runner>
std::vector<float> embedding(const Runner& run) {
  const std::vector<float> input = frames();
  std::vector<float> output(256);
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(input))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
  run(in, out);
  return output;
}

std::vector<float> each_sixteenth(const std::vector<float>& values) {
  std::vector<float> result;
  for (size_t i = 0; i < values.size(); i += 16) result.push_back(values[i]);
  return result;
}

absl::StatusOr<Graph> published() {
  const auto path = fetched_file(std::string(kResemblyzer) + "pretrained.pt");
  if (!path) return absl::UnavailableError("needs what scripts/setup fetches: resemblyzer");
  return read_torch(*path);
}

TEST(Ge2eCheckpoint, IsTheNetworkOfThePaper) {
  auto graph = published();
  if (absl::IsUnavailable(graph.status())) GTEST_SKIP() << graph.status();
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_EQ(graph->inputs.size(), 1u);
  EXPECT_EQ(graph->tensor(graph->inputs[0].tensor).shape, (Shape{1, kFrames, kMels}));
  ASSERT_EQ(graph->outputs.size(), 1u);
  EXPECT_EQ(graph->tensor(graph->outputs[0].tensor).shape, (Shape{1, 256}));
  ASSERT_TRUE(simplify(*graph).ok());
  int layers = 0;
  for (const NodeId id : graph->node_ids()) layers += graph->op_as<Lstm>(id) != nullptr ? 1 : 0;
  EXPECT_EQ(layers, 3);
  // 1,423,616 parameters as PyTorch counts them, which has two biases for each layer.
  EXPECT_EQ(constant_size(*graph).elements, 1423616 - 3 * 1024);
}

TEST(Ge2eCheckpoint, GivesTheEmbeddingsOfAnotherImplementation) {
  const std::vector<float> expected{
      0.000000f, 0.181226f, 0.049952f, 0.098558f, 0.078986f, 0.000000f, 0.044199f, 0.000000f,
      0.026369f, 0.115197f, 0.000000f, 0.023677f, 0.000000f, 0.094535f, 0.000000f, 0.106090f};
  auto graph = published();
  if (absl::IsUnavailable(graph.status())) GTEST_SKIP() << graph.status();
  ASSERT_TRUE(graph.ok()) << graph.status();
  ASSERT_TRUE(simplify(*graph).ok());
  const auto bytes = build_plan(*graph, {});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const AlignedBytes plan(*bytes);
  for (const Isa isa : isas()) {
    if (!available(isa)) continue;
    const auto session = session_of(plan, isa);
    const auto found = embedding([&](const auto& in, const auto& out) {
      ASSERT_EQ(session->run(in, out), EngineCode::kOk);
    });
    EXPECT_THAT(each_sixteenth(found), Pointwise(FloatNear(2e-6f), expected)) << name(isa);
    double length = 0;
    for (const float value : found) length += double{value} * value;
    EXPECT_NEAR(length, 1, 1e-6);
  }
}

TEST(Ge2eCheckpoint, GivesWhatOnnxRuntimeGivesOfItsExport) {
  auto graph = published();
  if (absl::IsUnavailable(graph.status())) GTEST_SKIP() << graph.status();
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto written = write_onnx(*graph);
  ASSERT_TRUE(written.ok()) << written.status();
  const auto runtime = load_onnx_model(std::as_bytes(std::span(*written)), {});
  if (absl::IsUnavailable(runtime.status())) GTEST_SKIP() << "needs ONNX Runtime";
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  const auto expected = embedding([&](const auto& in, const auto& out) {
    ASSERT_EQ((*runtime)->run(in, out), absl::OkStatus());
  });
  const auto interpreter = Interpreter::create(*graph);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  const auto found = embedding([&](const auto& in, const auto& out) {
    ASSERT_EQ(interpreter->run(in, out), absl::OkStatus());
  });
  EXPECT_THAT(found, Pointwise(FloatNear(2e-6f), expected));
}

// A tiny checkpoint of one layer of 2 over 3 bands and an embedding of 2.
TorchCheckpoint small() {
  TorchCheckpoint checkpoint;
  const auto add = [&](const std::string& name, Shape shape) {
    std::vector<float> values;
    for (int64_t i = 0; i < elements(shape); ++i) {
      values.push_back(static_cast<float>(0.1 * static_cast<double>(i % 7) - 0.2));
    }
    const auto bytes = std::as_bytes(std::span(values));
    TorchTensor tensor;
    tensor.name = "model_state." + name;
    tensor.type = TorchType::kFloat32;
    tensor.shape = std::move(shape);
    tensor.data.assign(bytes.begin(), bytes.end());
    checkpoint.tensors.push_back(std::move(tensor));
  };
  add("similarity_weight", {1});
  add("similarity_bias", {1});
  add("lstm.weight_ih_l0", {8, 3});
  add("lstm.weight_hh_l0", {8, 2});
  add("lstm.bias_ih_l0", {8});
  add("lstm.bias_hh_l0", {8});
  add("linear.weight", {2, 2});
  add("linear.bias", {2});
  return checkpoint;
}

TEST(Ge2eCheckpoint, HasItsSizesFromTheWeights) {
  const auto graph = import_torch(small());
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->tensor(graph->inputs[0].tensor).shape, (Shape{1, kFrames, 3}));
  EXPECT_EQ(graph->tensor(graph->outputs[0].tensor).shape, (Shape{1, 2}));
}

TEST(Ge2eCheckpoint, RefusesAChangedNetwork) {
  const auto message = [](const TorchCheckpoint& checkpoint) {
    return std::string(import_torch(checkpoint).status().message());
  };
  TorchCheckpoint wider = small();
  wider.tensors[3].shape = {4, 4};
  EXPECT_THAT(message(wider), HasSubstr("lstm.weight_ih_l0"));
  TorchCheckpoint without = small();
  without.tensors.erase(without.tensors.begin() + 4);
  EXPECT_THAT(message(without), HasSubstr("lstm.bias_ih_l0"));
  TorchCheckpoint flat = small();
  flat.tensors[2].shape = {24};
  EXPECT_THAT(message(flat), HasSubstr("lstm.weight_ih_l0"));
}

}  // namespace
}  // namespace durward
