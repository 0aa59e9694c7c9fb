// Files that a runtime writes for itself give what the ONNX file gave.
#include "runtimes/convert.h"

#include <gtest/gtest.h>

#include "run_model.h"
#include "support/assets.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModel = "models/face_embedding/mobilefacenet_relu6_112x112.onnx";

class Convert : public testing::Test {
 protected:
  Convert() : folder_(fs::path(testing::TempDir()) / absl::StrCat("durward_convert_", getpid())) {
    fs::create_directories(folder_);
  }
  ~Convert() override { fs::remove_all(folder_); }

  // The largest difference between the two files' outputs on one input.
  static float difference(RuntimeKind kind_a, const fs::path& a, RuntimeKind kind_b,
                          const fs::path& b) {
    auto first = load_model(kind_a, a, {});
    auto second = load_model(kind_b, b, {});
    EXPECT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
    if (!first.ok() || !second.ok()) return INFINITY;
    const std::vector<Bytes> inputs = random_inputs((*first)->inputs(), 1);
    std::vector<Bytes> of_a = zeros((*first)->outputs()), of_b = zeros((*second)->outputs());
    EXPECT_TRUE(run(**first, inputs, of_a).ok() && run(**second, inputs, of_b).ok());
    const std::vector<float> x = floats(of_a[0]), y = floats(of_b[0]);
    float largest = 0;
    for (size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
    return largest;
  }

  fs::path folder_;
};

TEST_F(Convert, OrtFormatGivesWhatOnnxGives) {
  const auto model = asset(kModel);
  if (!model) GTEST_SKIP() << "needs the shared assets: " << kModel;
  if (!is_available(RuntimeKind::kOnnxRuntime)) GTEST_SKIP() << "needs ONNX Runtime";
  const absl::Status status = save_ort_format(*model, folder_ / "model.ort");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_LE(difference(RuntimeKind::kOnnxRuntime, *model, RuntimeKind::kOnnxRuntime,
                       folder_ / "model.ort"),
            1e-4f);
}

TEST_F(Convert, OpenVinoIrGivesWhatOnnxGives) {
  const auto model = asset(kModel);
  if (!model) GTEST_SKIP() << "needs the shared assets: " << kModel;
  if (!is_available(RuntimeKind::kOpenVino)) GTEST_SKIP() << "needs OpenVINO";
  const absl::Status status = save_openvino_ir(*model, folder_ / "model.xml");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_LE(
      difference(RuntimeKind::kOpenVino, *model, RuntimeKind::kOpenVino, folder_ / "model.xml"),
      1e-6f);
}

TEST_F(Convert, WhatCannotBeConvertedLeavesNoFile) {
  if (!is_available(RuntimeKind::kOnnxRuntime) || !is_available(RuntimeKind::kOpenVino)) {
    GTEST_SKIP() << "needs ONNX Runtime and OpenVINO";
  }
  EXPECT_TRUE(absl::IsUnavailable(save_ort_format(fixture("absent.onnx"), folder_ / "a.ort")));
  EXPECT_TRUE(absl::IsUnavailable(save_openvino_ir(fixture("absent.onnx"), folder_ / "a.xml")));
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace durward
