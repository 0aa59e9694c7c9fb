// Whatever is wrong is an error that names the file and the cause, and the runtime goes on working.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "run_model.h"
#include "support/assets.h"

namespace durward {
namespace {

using testing::HasSubstr;

struct Case {
  RuntimeKind kind;
  std::string ending;
};

class Errors : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!is_available(GetParam().kind)) GTEST_SKIP() << to_string(GetParam().kind) << " is missing";
  }

  // A file of this test's own, with the given contents.
  std::filesystem::path write(std::string_view contents) {
    path_ = std::filesystem::path(testing::TempDir()) /
            ("garbage_" + std::string(to_string(GetParam().kind)) + GetParam().ending);
    std::ofstream(path_, std::ios::binary) << contents;
    return path_;
  }
  void TearDown() override {
    if (!path_.empty()) std::filesystem::remove(path_);
  }

 private:
  std::filesystem::path path_;
};

TEST_P(Errors, AMissingFileIsNotFound) {
  const auto model = load_model(GetParam().kind, "/no/such/model" + GetParam().ending, {});
  EXPECT_EQ(model.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(model.status().message()), HasSubstr("/no/such/model"));
}

TEST_P(Errors, AnotherEndingIsRefusedWithTheEndingsThatLoad) {
  const auto model = load_model(GetParam().kind, "model.pth", {});
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(model.status().message()), HasSubstr(GetParam().ending));
}

TEST_P(Errors, AFolderIsRefused) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("folder" + GetParam().ending);
  std::filesystem::create_directory(folder);
  EXPECT_EQ(load_model(GetParam().kind, folder, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
  std::filesystem::remove(folder);
}

TEST_P(Errors, GarbageIsRefused) {
  for (const std::string& contents :
       {std::string(), std::string("hello"), std::string(4096, '\xff'), std::string(4096, '\0')}) {
    const auto path = write(contents);
    const auto model = load_model(GetParam().kind, path, {});
    ASSERT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument) << contents.size();
    EXPECT_THAT(std::string(model.status().message()), HasSubstr(path.filename().string()));
  }
}

TEST_P(Errors, NoThreadsAreRefused) {
  EXPECT_EQ(
      load_model(GetParam().kind, "model" + GetParam().ending, {.threads = 0}).status().code(),
      absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    Runtimes, Errors,
    testing::Values(Case{RuntimeKind::kOnnxRuntime, ".onnx"}, Case{RuntimeKind::kLiteRt, ".tflite"},
                    Case{RuntimeKind::kOpenVino, ".onnx"}, Case{RuntimeKind::kOpenVino, ".tflite"},
                    Case{RuntimeKind::kOpenVino, ".xml"}),
    [](const auto& test) {
      return std::string(to_string(test.param.kind)) + "_" + test.param.ending.substr(1);
    });

// A runtime that is not there, as ctest's runtimes_without_litert makes LiteRT.
TEST(Missing, ARuntimeThatIsNotThereSaysWhatToInstall) {
  bool any = false;
  for (const auto& [kind, ending] :
       {std::pair{RuntimeKind::kOnnxRuntime, "onnx"}, std::pair{RuntimeKind::kLiteRt, "tflite"},
        std::pair{RuntimeKind::kOpenVino, "tflite"}}) {
    if (is_available(kind)) continue;
    any = true;
    // Any regular file will do: it is not read.
    const std::string file = fixture("fully_connected.tflite");
    const std::string path = testing::TempDir() + "/missing_runtime." + ending;
    std::filesystem::copy_file(file, path, std::filesystem::copy_options::overwrite_existing);
    const absl::Status status = load_model(kind, path, {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.message()), HasSubstr("scripts/setup"));
    std::filesystem::remove(path);
  }
  if (!any) GTEST_SKIP() << "every runtime is there";
}

// Wrong buffers on a model that loads in LiteRT and OpenVINO, then a run that succeeds.
TEST(RunErrors, WrongBuffersAreRefusedAndTheNextRunWorks) {
  for (const RuntimeKind kind : {RuntimeKind::kLiteRt, RuntimeKind::kOpenVino}) {
    if (!is_available(kind)) continue;
    SCOPED_TRACE(to_string(kind));
    auto model = load_model(kind, fixture("fully_connected.tflite"), {});
    ASSERT_TRUE(model.ok()) << model.status();
    std::vector<Bytes> outputs = zeros((*model)->outputs());
    const std::vector<Bytes> inputs = random_inputs((*model)->inputs(), 1);

    std::vector<Bytes> short_input = inputs;
    short_input[0].pop_back();
    const absl::Status wrong_size = run(**model, short_input, outputs);
    EXPECT_EQ(wrong_size.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(wrong_size.message()), HasSubstr("1x4 = 16 bytes"));
    EXPECT_THAT(std::string(wrong_size.message()), HasSubstr("holds 15"));

    std::vector<Bytes> none;
    EXPECT_EQ(run(**model, inputs, none).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(run(**model, {}, outputs).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ((*model)->profile().status().code(), absl::StatusCode::kFailedPrecondition);

    EXPECT_TRUE(run(**model, inputs, outputs).ok());
  }
}

// All its free dimensions at 1 give YuNet an image of one pixel, which it cannot pool.
TEST(RunErrors, AModelThatCannotRunAtItsShapeSaysSo) {
  const auto path = asset("models/face_detector/yunet_n_dynamic.onnx");
  if (!path) GTEST_SKIP() << "needs the shared assets: yunet_n_dynamic.onnx";
  if (is_available(RuntimeKind::kOpenVino)) {
    EXPECT_EQ(load_model(RuntimeKind::kOpenVino, *path, {}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  if (is_available(RuntimeKind::kOnnxRuntime)) {
    auto model = load_model(RuntimeKind::kOnnxRuntime, *path, {});
    ASSERT_TRUE(model.ok()) << model.status();
    std::vector<Bytes> outputs = zeros((*model)->outputs());
    const absl::Status status = run(**model, zeros((*model)->inputs()), outputs);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), HasSubstr("ONNX Runtime"));
  }
}

}  // namespace
}  // namespace durward
