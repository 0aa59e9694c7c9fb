// The face models of the shared assets run in ONNX Runtime and OpenVINO alike.
#include <gtest/gtest.h>

#include <ostream>

#include "base/file.h"
#include "run_model.h"
#include "support/assets.h"

namespace durward {
namespace {

struct FaceModel {
  const char* name;
  const char* path;
  float input_scale;
  Shape input;
};

void PrintTo(const FaceModel& model, std::ostream* out) { *out << model.path; }

class FaceModels : public testing::TestWithParam<FaceModel> {};

TEST_P(FaceModels, OnnxRuntimeAndOpenVinoAgree) {
  const auto path = asset(GetParam().path);
  if (!path) GTEST_SKIP() << "needs the shared assets: " << GetParam().path;
  if (!is_available(RuntimeKind::kOnnxRuntime) || !is_available(RuntimeKind::kOpenVino))
    GTEST_SKIP() << "needs ONNX Runtime and OpenVINO";
  auto onnxruntime = load_model(RuntimeKind::kOnnxRuntime, *path, {});
  auto openvino = load_model(RuntimeKind::kOpenVino, *path, {});
  ASSERT_TRUE(onnxruntime.ok()) << onnxruntime.status();
  ASSERT_TRUE(openvino.ok()) << openvino.status();
  RuntimeModel& a = **onnxruntime;
  RuntimeModel& b = **openvino;
  EXPECT_EQ(a.inputs()[0].shape, GetParam().input);
  EXPECT_EQ(b.inputs()[0].shape, GetParam().input);
  ASSERT_EQ(a.outputs().size(), b.outputs().size());

  const std::vector<Bytes> inputs = random_inputs(a.inputs(), GetParam().input_scale);
  std::vector<Bytes> of_a = zeros(a.outputs()), of_b = zeros(b.outputs());
  ASSERT_TRUE(run(a, inputs, of_a).ok());
  ASSERT_TRUE(run(b, inputs, of_b).ok());
  for (size_t port = 0; port < of_a.size(); ++port) {
    EXPECT_EQ(a.outputs()[port].name, b.outputs()[port].name);
    const std::vector<float> x = floats(of_a[port]), y = floats(of_b[port]);
    ASSERT_EQ(x.size(), y.size());
    float largest = 0, difference = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      largest = std::max(largest, std::abs(x[i]));
      difference = std::max(difference, std::abs(x[i] - y[i]));
    }
    EXPECT_GT(largest, 0) << a.outputs()[port].name;
    EXPECT_LE(difference, 1e-4f * std::max(1.f, largest)) << a.outputs()[port].name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Assets, FaceModels,
    testing::Values(
        FaceModel{"prelu",
                  "models/face_embedding/mobilefacenet_prelu_112x112.onnx",
                  255,
                  {1, 3, 112, 112}},
        FaceModel{
            "relu6", "models/face_embedding/mobilefacenet_relu6_112x112.onnx", 1, {1, 3, 112, 112}},
        FaceModel{"torch_export",
                  "models/face_embedding/mobilefacenet_torch_export_112x96.onnx",
                  1,
                  {1, 3, 112, 96}},
        FaceModel{"yunet", "models/face_detector/yunet_n_320_320.onnx", 255, {1, 3, 320, 320}},
        FaceModel{"pfld", "models/face_detector/pfld_68pt.onnx", 1, {1, 3, 112, 112}},
        FaceModel{"pad_bin", "models/face_pad/AntiSpoofing_bin_1.5_128.onnx", 1, {1, 3, 128, 128}},
        FaceModel{"pad_print_replay",
                  "models/face_pad/AntiSpoofing_print-replay_1.5_128.onnx",
                  1,
                  {1, 3, 128, 128}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(OnnxFromMemory, GivesWhatTheFileGives) {
  const auto path = asset("models/face_embedding/mobilefacenet_relu6_112x112.onnx");
  if (!path) GTEST_SKIP() << "needs the shared assets: mobilefacenet_relu6_112x112.onnx";
  if (!is_available(RuntimeKind::kOnnxRuntime)) GTEST_SKIP() << "needs ONNX Runtime";
  auto from_file = load_model(RuntimeKind::kOnnxRuntime, *path, {});
  ASSERT_TRUE(from_file.ok()) << from_file.status();
  const auto bytes = read_file(*path);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto from_memory = load_onnx_model(*bytes, {});
  ASSERT_TRUE(from_memory.ok()) << from_memory.status();
  const std::vector<Bytes> inputs = random_inputs((*from_file)->inputs(), 1);
  std::vector<Bytes> x = zeros((*from_file)->outputs()), y = x;
  ASSERT_TRUE(run(**from_file, inputs, x).ok());
  ASSERT_TRUE(run(**from_memory, inputs, y).ok());
  EXPECT_EQ(x, y);
}

TEST(OnnxFromMemory, GarbageIsRefused) {
  if (!is_available(RuntimeKind::kOnnxRuntime)) GTEST_SKIP() << "needs ONNX Runtime";
  const Bytes garbage(100, std::byte{0x5a});
  EXPECT_EQ(load_onnx_model(garbage, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace durward
