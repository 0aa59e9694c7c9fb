// The imported checkpoint against the ONNX file that PyTorch itself exported from it, run by ONNX
// Runtime.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "compile/interpreter.h"
#include "formats/torch/import.h"
#include "runtimes/runtime.h"
#include "support/assets.h"

namespace durward {
namespace {

constexpr const char* kCheckpoint = "models/face_embedding/mobilefacenet_torch_112x96.ckpt";
constexpr const char* kExport = "models/face_embedding/mobilefacenet_torch_export_112x96.onnx";

std::vector<float> to_nhwc(const std::vector<float>& nchw, size_t channels) {
  const size_t pixels = nchw.size() / channels;
  std::vector<float> nhwc(nchw.size());
  for (size_t c = 0; c < channels; ++c) {
    for (size_t p = 0; p < pixels; ++p) nhwc[p * channels + c] = nchw[c * pixels + p];
  }
  return nhwc;
}

TEST(MobileFaceNetCheckpoint, GivesTheOutputsOfPyTorchsOwnExport) {
  const auto checkpoint = asset(kCheckpoint);
  const auto exported = asset(kExport);
  if (!checkpoint || !exported) GTEST_SKIP() << "needs the shared assets: " << kCheckpoint;
  const auto reference = load_model(RuntimeKind::kOnnxRuntime, *exported, {});
  if (absl::IsUnavailable(reference.status())) GTEST_SKIP() << "needs ONNX Runtime";
  ASSERT_TRUE(reference.ok()) << reference.status();

  const auto graph = read_torch(*checkpoint);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto interpreter = Interpreter::create(*graph);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();

  Random random(1);
  for (int image = 0; image < 3; ++image) {
    std::vector<float> nchw(3 * 112 * 96);  // as (x - 127.5) / 128 leaves pixels
    for (float& value : nchw) value = static_cast<float>(random.uniform() * 2 - 1) * 0.996f;
    const std::vector<float> nhwc = to_nhwc(nchw, 3);
    std::vector<float> expected(128), found(128);
    const std::vector<std::span<const std::byte>> nchw_input = {std::as_bytes(std::span(nchw))};
    const std::vector<std::span<const std::byte>> nhwc_input = {std::as_bytes(std::span(nhwc))};
    const std::vector<std::span<std::byte>> expected_output = {
        std::as_writable_bytes(std::span(expected))};
    const std::vector<std::span<std::byte>> found_output = {
        std::as_writable_bytes(std::span(found))};
    ASSERT_EQ((*reference)->run(nchw_input, expected_output), absl::OkStatus());
    ASSERT_EQ(interpreter->run(nhwc_input, found_output), absl::OkStatus());
    const auto largest = std::max_element(expected.begin(), expected.end(), [](float a, float b) {
      return std::abs(a) < std::abs(b);
    });
    EXPECT_GT(std::abs(*largest), 0.1f);
    EXPECT_THAT(found, ::testing::Pointwise(::testing::FloatNear(1e-4f), expected));
  }
}

}  // namespace
}  // namespace durward
