// The shared models, read and written again, against ONNX Runtime on the originals.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/onnx/onnx_model.h"
#include "formats/onnx/onnxruntime_values.h"
#include "formats/onnx/reader.h"
#include "formats/onnx/writer.h"
#include "support/assets.h"

namespace durward {
namespace {

struct SharedModel {
  const char* name;
  const char* path;
  float lowest, highest;  // of the input, as the model's preprocessing gives it
  std::map<std::string, int64_t> dimensions;
};

std::ostream& operator<<(std::ostream& out, const SharedModel& model) { return out << model.name; }

void set_shape(onnx::ValueInfoProto& info, const Graph& graph, const Port& port) {
  Shape shape = graph.tensor(port.tensor).shape;
  if (port.layout == PortLayout::kNchw) shape = {shape[0], shape[3], shape[1], shape[2]};
  auto& proto = *info.mutable_type()->mutable_tensor_type()->mutable_shape();
  proto.clear_dim();
  for (const int64_t dimension : shape) proto.add_dim()->set_dim_value(dimension);
}

// The model as it is but for its open dimensions, which the runtime would not tell us.
std::string with_fixed_shapes(const std::vector<std::byte>& bytes, const Graph& graph) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  for (const Port& port : graph.inputs) {
    for (auto& info : *model.mutable_graph()->mutable_input()) {
      if (info.name() == port.name) set_shape(info, graph, port);
    }
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    set_shape(*model.mutable_graph()->mutable_output(static_cast<int>(i)), graph, graph.outputs[i]);
  }
  model.mutable_graph()->clear_value_info();
  return model.SerializeAsString();
}

int count_transposes(const Graph& graph) {
  int count = 0;
  for (const NodeId id : graph.node_ids()) {
    count += std::holds_alternative<Transpose>(graph.node(id).op) ? 1 : 0;
  }
  return count;
}

int count_transposes(std::span<const std::byte> bytes) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  int count = 0;
  for (const onnx::NodeProto& node : model.graph().node()) {
    count += node.op_type() == "Transpose" ? 1 : 0;
  }
  return count;
}

class SharedModels : public testing::TestWithParam<SharedModel> {};

TEST_P(SharedModels, GiveTheSameAfterReadingAndWriting) {
  const SharedModel& model = GetParam();
  const auto path = asset(model.path);
  if (!path) GTEST_SKIP() << "needs the shared assets: " << model.path;
  if (!onnxruntime_available()) GTEST_SKIP() << "needs ONNX Runtime";
  const auto graph = read_onnx(*path, {.dimensions = model.dimensions});
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(count_transposes(*graph), 0) << to_string(*graph);

  const auto written = write_onnx(*graph);
  ASSERT_TRUE(written.ok()) << written.status();
  const auto original = read_file(*path);
  ASSERT_TRUE(original.ok()) << original.status();
  const Values input = random_inputs(*graph, model.lowest, model.highest);
  // Where NCHW itself needs one, as before the flattened heads of YuNet, it may stay.
  EXPECT_LE(count_transposes(bytes_of(*written)), count_transposes(*original));
  const std::string fixed = with_fixed_shapes(*original, *graph);
  const auto expected = run_in_onnxruntime(bytes_of(fixed), input);
  ASSERT_TRUE(expected.ok()) << expected.status();
  const auto actual = run_in_onnxruntime(bytes_of(*written), input);
  ASSERT_TRUE(actual.ok()) << actual.status();
  expect_close(*actual, *expected, 1e-4f);
}

// What calibration does: every activation of the model from one run.
TEST_P(SharedModels, GiveEveryActivation) {
  const SharedModel& model = GetParam();
  const auto path = asset(model.path);
  if (!path) GTEST_SKIP() << "needs the shared assets: " << model.path;
  if (!onnxruntime_available()) GTEST_SKIP() << "needs ONNX Runtime";
  const auto graph = read_onnx(*path, {.dimensions = model.dimensions});
  ASSERT_TRUE(graph.ok()) << graph.status();
  const auto whole = export_onnx(*graph, {.all_activations = true});
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_GE(whole->outputs.size(), graph->node_count());
  const Values input = random_inputs(*graph, model.lowest, model.highest);
  const auto activations = run_in_onnxruntime(bytes_of(whole->model), input);
  ASSERT_TRUE(activations.ok()) << activations.status();
  ASSERT_EQ(activations->size(), whole->outputs.size());
  const auto plain = write_onnx(*graph);
  ASSERT_TRUE(plain.ok()) << plain.status();
  const auto expected = run_in_onnxruntime(bytes_of(*plain), input);
  ASSERT_TRUE(expected.ok()) << expected.status();
  expect_close(
      {activations->begin(), activations->begin() + static_cast<int64_t>(expected->size())},
      *expected, 1e-4f);
  for (size_t i = 0; i < whole->outputs.size(); ++i) {
    const OnnxOutput& output = whole->outputs[i];
    const Tensor& tensor = graph->tensor(output.tensor);
    ASSERT_EQ(static_cast<int64_t>((*activations)[i].size()), elements(tensor.shape));
    const NodeId producer = graph->producer(output.tensor);
    const auto* unary = graph->op_as<Unary>(producer);
    if (unary == nullptr || unary->kind != UnaryKind::kRelu) continue;
    for (const float value : (*activations)[i]) ASSERT_GE(value, 0) << output.name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, SharedModels,
    testing::Values(
        SharedModel{"mobilefacenet_prelu",
                    "models/face_embedding/mobilefacenet_prelu_112x112.onnx",
                    0,
                    255,
                    {}},
        SharedModel{"mobilefacenet_relu6",
                    "models/face_embedding/mobilefacenet_relu6_112x112.onnx",
                    -2,
                    2,
                    {}},
        SharedModel{"mobilefacenet_torch_export",
                    "models/face_embedding/mobilefacenet_torch_export_112x96.onnx",
                    -1,
                    1,
                    {}},
        SharedModel{"yunet", "models/face_detector/yunet_n_320_320.onnx", 0, 255, {}},
        SharedModel{"yunet_dynamic",
                    "models/face_detector/yunet_n_dynamic.onnx",
                    0,
                    255,
                    {{"height", 192}, {"width", 256}}},
        SharedModel{"pfld", "models/face_detector/pfld_68pt.onnx", 0, 1, {}},
        SharedModel{"anti_spoofing_bin", "models/face_pad/AntiSpoofing_bin_1.5_128.onnx", 0, 1, {}},
        SharedModel{"anti_spoofing_print_replay",
                    "models/face_pad/AntiSpoofing_print-replay_1.5_128.onnx",
                    0,
                    1,
                    {}}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace durward
