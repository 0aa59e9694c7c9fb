// Profiles say which node ran where, in which precision.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "run_model.h"
#include "runtimes/litert_profile.h"
#include "runtimes/onnxruntime_profile.h"
#include "support/assets.h"

namespace durward {
namespace {

absl::StatusOr<std::vector<OpRecord>> profile_of(RuntimeKind kind, const std::string& path) {
  DURWARD_ASSIGN_OR_RETURN(auto model, load_model(kind, path, {.profile = true}));
  std::vector<Bytes> outputs = zeros(model->outputs());
  for (int i = 0; i < 3; ++i)
    DURWARD_RETURN_IF_ERROR(run(*model, random_inputs(model->inputs(), 1), outputs));
  return model->profile();
}

int64_t count(const std::vector<OpRecord>& records, std::string_view op, std::string_view type) {
  return std::count_if(records.begin(), records.end(), [&](const OpRecord& record) {
    return record.op.find(op) != std::string::npos && record.precision == type;
  });
}

TEST(Profile, OnnxRuntimeRunsThePReluModelInFloat) {
  const auto path = asset("models/face_embedding/mobilefacenet_prelu_112x112.onnx");
  if (!path) GTEST_SKIP() << "needs the shared assets: mobilefacenet_prelu_112x112.onnx";
  if (!is_available(RuntimeKind::kOnnxRuntime)) GTEST_SKIP() << "needs ONNX Runtime";
  const auto records = profile_of(RuntimeKind::kOnnxRuntime, *path);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(count(*records, "PRelu", "float32"), 33);  // as many as the model has
  EXPECT_EQ(count(*records, "", "int8"), 0);
  for (const OpRecord& record : *records) {
    EXPECT_EQ(record.device, "cpu");
    EXPECT_FALSE(record.name.empty());
  }
}

TEST(Profile, OpenVinoFusesTheActivationsOfTheReluModel) {
  const auto path = asset("models/face_embedding/mobilefacenet_relu6_112x112.onnx");
  if (!path) GTEST_SKIP() << "needs the shared assets: mobilefacenet_relu6_112x112.onnx";
  if (!is_available(RuntimeKind::kOpenVino)) GTEST_SKIP() << "needs OpenVINO";
  const auto records = profile_of(RuntimeKind::kOpenVino, *path);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(count(*records, "Convolution", "float32"), 51);  // 34 dense and 17 depthwise
  EXPECT_EQ(count(*records, "Clamp", "float32"), 0);
  EXPECT_EQ(count(*records, "", "int8"), 0);
}

TEST(Profile, LiteRtNamesTheDelegateAndThePrecision) {
  if (!is_available(RuntimeKind::kLiteRt)) GTEST_SKIP() << "needs LiteRT";
  const auto in_float = profile_of(RuntimeKind::kLiteRt, fixture("fully_connected.tflite"));
  ASSERT_TRUE(in_float.ok()) << in_float.status();
  EXPECT_EQ(count(*in_float, "Fully Connected", "float32"), 1);
  for (const OpRecord& record : *in_float) EXPECT_EQ(record.device, "xnnpack") << record.op;
}

litert::ProfilerEvent event(const char* tag, int32_t type, uint64_t us, uint64_t index) {
  litert::ProfilerEvent result{};
  result.tag = tag;
  result.type = type;
  result.elapsed_us = us;
  result.metadata1 = index;
  return result;
}

TEST(Profile, LiteRtEventsAreAveragedAndUntypedOpsFollowTheirPredecessor) {
  const std::vector<litert::ProfilerEvent> run = {
      event("invoke", 16, 999, 0),
      event("Convert (NC, F32, QS8)", litert::kDelegateOperator, 2, 0),
      event("Convolution (NHWC, QC8) IGEMM", litert::kDelegateOperator, 10, 1),
      event("Add (ND)", litert::kDelegateOperator, 4, 2),
      event("PRELU", litert::kPlainOperator, 100, 3),
      event("TfLiteXNNPackDelegate", litert::kPlainOperator, 20, 4),
      event("Convert (NC, QS8, F32)", litert::kDelegateOperator, 1, 5),
      event("Clamp (NC)", litert::kDelegateOperator, 3, 6)};
  std::vector<litert::ProfilerEvent> runs = run;
  runs.insert(runs.end(), run.begin(), run.end());
  runs[2].elapsed_us = 30;
  const std::vector<OpRecord> records = litert_op_records(runs, 2, "float32");
  ASSERT_EQ(records.size(), 6u);
  EXPECT_EQ(records[1].microseconds, 20);
  std::vector<std::string> precisions, devices;
  for (const OpRecord& record : records) {
    precisions.push_back(record.precision);
    devices.push_back(record.device);
  }
  EXPECT_THAT(precisions,
              testing::ElementsAre("float32", "int8", "int8", "int8", "float32", "float32"));
  EXPECT_THAT(devices,
              testing::ElementsAre("xnnpack", "xnnpack", "xnnpack", "cpu", "xnnpack", "xnnpack"));
}

// Each delegated part of a model counts its ops from 0.
TEST(Profile, LiteRtOpsOfTwoDelegatedPartsAreTwoOps) {
  const char* tag = "Convolution (NHWC, QC8) IGEMM";
  std::vector<litert::ProfilerEvent> events;
  for (const uint64_t us : {10, 90, 12, 94}) {
    events.push_back(event(tag, litert::kDelegateOperator, us, 0));
    events.push_back(event("PADV2", litert::kPlainOperator, 1, 7 + us / 50));
  }
  const std::vector<OpRecord> records = litert_op_records(events, 2, "int8");
  ASSERT_EQ(records.size(), 4u);
  EXPECT_THAT(records[0].runs, testing::ElementsAre(10, 12));
  EXPECT_EQ(records[0].name, "Convolution (NHWC, QC8) IGEMM #0");
  EXPECT_THAT(records[2].runs, testing::ElementsAre(90, 94));
  EXPECT_EQ(records[2].name, "Convolution (NHWC, QC8) IGEMM #2");
  EXPECT_EQ(records[2].microseconds, 92);
}

TEST(Profile, OnnxRuntimeEventsAreAveragedPerNode) {
  const auto records = parse_onnxruntime_profile(R"([
    {"cat":"Session","name":"model_run","dur":900},
    {"name":"q_kernel_time","dur":4,"args":{"op_name":"QuantizeLinear","node_index":"1",
     "provider":"CPUExecutionProvider","input_type_shape":[{"float":[1]}]}},
    {"name":"c_kernel_time","dur":10,"args":{"op_name":"QLinearConv","node_index":"2",
     "provider":"CPUExecutionProvider","input_type_shape":[{"uint8":[1]},{"float":[1]}]}},
    {"name":"c_kernel_time","dur":20,"args":{"op_name":"QLinearConv","node_index":"2"}},
    {"name":"_kernel_time","dur":7,"args":{"op_name":"MaxPool","node_index":"3",
     "provider":"CPUExecutionProvider","input_type_shape":[{"uint8":[1]}]}},
    {"name":"_kernel_time","dur":8,"args":{"op_name":"PRelu","node_index":"4",
     "provider":"CPUExecutionProvider","input_type_shape":[{"float":[1]}]}}])");
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 4u);
  EXPECT_EQ((*records)[0].precision, "float32");
  EXPECT_EQ((*records)[1].precision, "int8");
  EXPECT_EQ((*records)[1].microseconds, 15);
  EXPECT_EQ((*records)[2].precision, "int8");
  EXPECT_EQ((*records)[3].precision, "float32");
  EXPECT_EQ((*records)[3].microseconds, 8);
}

TEST(Profile, TextThatIsNoProfileIsRefused) {
  for (const char* text : {"", "{", "{}", "3", "null"})
    EXPECT_EQ(parse_onnxruntime_profile(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  const auto odd = parse_onnxruntime_profile(R"([1, {"name": 3}, {"args": []}, {"args": {}}])");
  ASSERT_TRUE(odd.ok());
  EXPECT_TRUE(odd->empty());
}

}  // namespace
}  // namespace durward
