#include "formats/torch/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "base/random.h"
#include "support/assets.h"

namespace durward {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TorchTensor float_tensor(std::string name, Shape shape, const std::vector<float>& values) {
  TorchTensor tensor{std::move(name), TorchType::kFloat32, std::move(shape), {}};
  const auto bytes = std::as_bytes(std::span(values));
  tensor.data.assign(bytes.begin(), bytes.end());
  return tensor;
}

// A MobileFaceNet of tiny widths, with the tensors that its PyTorch class has.
class TinyNet {
 public:
  explicit TinyNet(std::string prefix, int64_t kernel_h = 7, int64_t kernel_w = 6)
      : prefix_(std::move(prefix)) {
    conv("conv1.conv", {4, 3, 3, 3});
    norm("conv1.bn", 4);
    vector("conv1.prelu.weight", 4);
    conv("dw_conv1.conv", {4, 1, 3, 3});
    norm("dw_conv1.bn", 4);
    vector("dw_conv1.prelu.weight", 4);
    for (int block = 0; block < 15; ++block) {
      const std::string name = absl::StrCat("blocks.", block, ".conv.");
      conv(name + "0", {6, 4, 1, 1});
      norm(name + "1", 6);
      vector(name + "2.weight", 6);
      conv(name + "3", {6, 1, 3, 3});
      norm(name + "4", 6);
      vector(name + "5.weight", 6);
      conv(name + "6", {4, 6, 1, 1});
      norm(name + "7", 4);
    }
    conv("conv2.conv", {8, 4, 1, 1});
    norm("conv2.bn", 8);
    vector("conv2.prelu.weight", 8);
    conv("linear7.conv", {8, 1, kernel_h, kernel_w});
    norm("linear7.bn", 8);
    conv("linear1.conv", {5, 8, 1, 1});
    norm("linear1.bn", 5);
  }

  TorchTensor& tensor(std::string_view name) {
    const auto found = std::find_if(
        checkpoint.tensors.begin(), checkpoint.tensors.end(),
        [&](const TorchTensor& each) { return each.name == prefix_ + std::string(name); });
    EXPECT_NE(found, checkpoint.tensors.end()) << name;
    return *found;
  }

  TorchCheckpoint checkpoint;

 private:
  void conv(const std::string& layer, const Shape& shape) { add(layer + ".weight", shape); }
  void vector(const std::string& name, int64_t count) { add(name, {count}); }
  void norm(const std::string& layer, int64_t count) {
    for (const char* field : {".weight", ".bias", ".running_mean", ".running_var"}) {
      vector(layer + field, count);
    }
    checkpoint.tensors.push_back({prefix_ + layer + ".num_batches_tracked",
                                  TorchType::kInt64,
                                  {},
                                  std::vector<std::byte>(8)});
  }
  void add(const std::string& name, const Shape& shape) {
    std::vector<float> values(static_cast<size_t>(elements(shape)));
    for (float& value : values) value = static_cast<float>(random_.uniform()) + 0.1f;
    checkpoint.tensors.push_back(float_tensor(prefix_ + name, shape, values));
  }

  std::string prefix_;
  Random random_{1};
};

std::string import_error(const TorchCheckpoint& checkpoint) {
  const auto graph = import_torch(checkpoint);
  return graph.ok() ? "" : std::string(graph.status().message());
}

template <typename T>
std::vector<const T*> ops(const Graph& graph) {
  std::vector<const T*> found;
  for (const NodeId id : graph.topological_order()) {
    if (const T* op = graph.op_as<T>(id)) found.push_back(op);
  }
  return found;
}

const Tensor& tensor_named(const Graph& graph, std::string_view name) {
  for (const TensorId id : graph.tensor_ids()) {
    if (graph.tensor(id).name == name) return graph.tensor(id);
  }
  ADD_FAILURE() << "no tensor " << name;
  return graph.tensor({0});
}

TEST(ImportMobileFaceNet, HasThePublishedLayers) {
  const auto graph = import_torch(TinyNet("").checkpoint);
  ASSERT_TRUE(graph.ok()) << graph.status();
  // Chen et al. 2018, table 1: 15 bottlenecks of which 12 keep size and width.
  EXPECT_EQ(ops<Conv2D>(*graph).size(), 1u + 2 * 15 + 1 + 1);
  EXPECT_EQ(ops<BatchNorm>(*graph).size(), 2u + 3 * 15 + 3);
  EXPECT_EQ(ops<PRelu>(*graph).size(), 2u + 2 * 15 + 1);
  EXPECT_EQ(ops<Binary>(*graph).size(), 12u);
  std::vector<int64_t> strides;
  for (const auto* op : ops<DepthwiseConv2D>(*graph)) strides.push_back(op->stride_h);
  EXPECT_THAT(strides, ::testing::ElementsAre(1, 2, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1));
}

TEST(ImportMobileFaceNet, TakesNchwImagesOfTheSizeThatItsLastFilterReducesToOnePixel) {
  const auto tall = import_torch(TinyNet("").checkpoint);
  ASSERT_TRUE(tall.ok()) << tall.status();
  ASSERT_EQ(tall->inputs.size(), 1u);
  EXPECT_EQ(tall->inputs[0].name, "input");
  EXPECT_EQ(tall->inputs[0].layout, PortLayout::kNchw);
  EXPECT_EQ(tall->tensor(tall->inputs[0].tensor).shape, Shape({1, 112, 96, 3}));
  ASSERT_EQ(tall->outputs.size(), 1u);
  EXPECT_EQ(tall->tensor(tall->outputs[0].tensor).shape, Shape({1, 5}));

  const auto square = import_torch(TinyNet("", 7, 7).checkpoint);
  ASSERT_TRUE(square.ok()) << square.status();
  EXPECT_EQ(square->tensor(square->inputs[0].tensor).shape, Shape({1, 112, 112, 3}));
}

TEST(ImportMobileFaceNet, ReordersKernelsToNhwc) {
  TinyNet net("");
  std::vector<float> ramp(4 * 3 * 3 * 3);
  for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i);
  net.tensor("conv1.conv.weight") = float_tensor("conv1.conv.weight", {4, 3, 3, 3}, ramp);
  ramp.resize(4 * 3 * 3);
  net.tensor("dw_conv1.conv.weight") = float_tensor("dw_conv1.conv.weight", {4, 1, 3, 3}, ramp);
  const auto graph = import_torch(net.checkpoint);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const Tensor& kernel = tensor_named(*graph, "conv1.conv.weight");
  ASSERT_EQ(kernel.shape, Shape({4, 3, 3, 3}));
  const Tensor& depthwise = tensor_named(*graph, "dw_conv1.conv.weight");
  ASSERT_EQ(depthwise.shape, Shape({1, 3, 3, 4}));
  for (size_t h = 0; h < 3; ++h) {
    for (size_t w = 0; w < 3; ++w) {
      for (size_t o = 0; o < 4; ++o) {
        EXPECT_EQ(depthwise.values<float>()[(h * 3 + w) * 4 + o],
                  static_cast<float>((o * 3 + h) * 3 + w));
        for (size_t i = 0; i < 3; ++i) {
          EXPECT_EQ(kernel.values<float>()[((o * 3 + h) * 3 + w) * 3 + i],
                    static_cast<float>(((o * 3 + i) * 3 + h) * 3 + w));
        }
      }
    }
  }
}

TEST(ImportMobileFaceNet, WhateverStandsBeforeItsNamesIsNoMatter) {
  for (const char* prefix : {"module.", "state_dict.", "net_state_dict.module.", "0.model."}) {
    EXPECT_EQ(import_error(TinyNet(prefix).checkpoint), "") << prefix;
  }
}

TEST(ImportMobileFaceNet, OtherTensorsBesideTheModelDoNotMatter) {
  TinyNet net("state_dict.");
  net.checkpoint.tensors.push_back(float_tensor("optimizer.state.0.exp_avg", {1}, {0.0f}));
  EXPECT_EQ(import_error(net.checkpoint), "");
}

TEST(ImportMobileFaceNet, TwoModelsInOneFileAreNamed) {
  TinyNet net("model.");
  for (TorchTensor& tensor : TinyNet("average.").checkpoint.tensors) {
    net.checkpoint.tensors.push_back(std::move(tensor));
  }
  EXPECT_THAT(import_error(net.checkpoint),
              AllOf(HasSubstr("\"model.\""), HasSubstr("\"average.\"")));
}

TEST(ImportMobileFaceNet, AMissingTensorIsNamed) {
  TinyNet net("module.");
  net.tensor("blocks.3.conv.4.running_var").name = "module.blocks.3.conv.4.other";
  EXPECT_THAT(import_error(net.checkpoint),
              AllOf(HasSubstr("looks like a MobileFaceNet"),
                    HasSubstr("module.blocks.3.conv.4.running_var is missing")));
}

TEST(ImportMobileFaceNet, ATensorLeftOverIsNamed) {
  TinyNet net("");
  net.checkpoint.tensors.push_back(float_tensor("blocks.3.se.weight", {1}, {1.0f}));
  EXPECT_THAT(import_error(net.checkpoint), HasSubstr("blocks.3.se.weight"));
}

TEST(ImportMobileFaceNet, AnotherShapeIsNamedWithBothShapes) {
  TinyNet net("");
  net.tensor("blocks.3.conv.3.weight") =
      float_tensor("blocks.3.conv.3.weight", {6, 1, 5, 5}, std::vector<float>(150));
  EXPECT_THAT(import_error(net.checkpoint), AllOf(HasSubstr("blocks.3.conv.3.weight"),
                                                  HasSubstr("6x1x3x3"), HasSubstr("6x1x5x5")));
  TinyNet scalar("");
  scalar.tensor("conv2.conv.weight") = float_tensor("conv2.conv.weight", {}, {1.0f});
  EXPECT_THAT(import_error(scalar.checkpoint), HasSubstr("scalar"));
}

TEST(ImportMobileFaceNet, AResidualOfAnotherWidthIsAnError) {
  TinyNet net("");
  for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
    const std::string full = absl::StrCat("blocks.2.conv.7.", name);
    net.tensor(full) = float_tensor(full, {3}, {1, 1, 1});
  }
  net.tensor("blocks.2.conv.6.weight") =
      float_tensor("blocks.2.conv.6.weight", {3, 6, 1, 1}, std::vector<float>(18, 1.0f));
  EXPECT_THAT(import_error(net.checkpoint), HasSubstr("blocks.2"));
}

TEST(ImportMobileFaceNet, AGlobalFilterOfAbsurdSizeIsAnError) {
  TinyNet net("");
  net.tensor("linear7.conv.weight").shape = {8, 1, int64_t{1} << 38, 1};
  EXPECT_THAT(import_error(net.checkpoint), HasSubstr("linear7.conv.weight"));
  net.tensor("linear7.conv.weight").shape = {0};
  EXPECT_THAT(import_error(net.checkpoint), HasSubstr("linear7.conv.weight"));
}

TEST(ImportMobileFaceNet, AWeightThatIsNotFiniteIsNamed) {
  TinyNet net("");
  net.tensor("conv2.prelu.weight") =
      float_tensor("conv2.prelu.weight", {8}, std::vector<float>(8, std::nanf("")));
  EXPECT_THAT(import_error(net.checkpoint), HasSubstr("conv2.prelu.weight"));
}

TEST(Import, AnUnknownArchitectureListsItsTensorsAndSaysWhatToDo) {
  TorchCheckpoint checkpoint;
  for (int i = 0; i < 25; ++i) {
    checkpoint.tensors.push_back(float_tensor(absl::StrCat("layer", i, ".weight"), {2, 3}, {}));
  }
  const auto graph = import_torch(checkpoint);
  EXPECT_TRUE(absl::IsUnimplemented(graph.status()));
  EXPECT_THAT(std::string(graph.status().message()),
              AllOf(HasSubstr("25 tensors"), HasSubstr("MobileFaceNet"),
                    HasSubstr("scripts/export_onnx.py"), HasSubstr("layer19.weight  2x3  float32"),
                    Not(HasSubstr("layer20.weight")), HasSubstr("and 5 more")));
}

TEST(Import, ARealCheckpointOfAnotherArchitectureIsListed) {
  const char* relative = "models/face_pad/2.7_80x80_MiniFASNetV2.pth";
  const auto path = asset(relative);
  if (!path) GTEST_SKIP() << "needs the shared assets: " << relative;
  auto checkpoint = read_torch_checkpoint(*path);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  for (TorchTensor& tensor : checkpoint->tensors) {
    if (tensor.name == "module.conv_6_dw.conv.weight") tensor.name = "module.conv_6.weight";
  }
  const auto graph = import_torch(*checkpoint);
  EXPECT_TRUE(absl::IsUnimplemented(graph.status()));
  EXPECT_THAT(std::string(graph.status().message()),
              HasSubstr("module.conv1.conv.weight  32x3x3x3  float32"));
}

}  // namespace
}  // namespace durward
