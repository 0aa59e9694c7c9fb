// Broken, hostile and unsupported models: an error that names the cause, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "formats/onnx/onnx_model.h"
#include "formats/onnx/reader.h"
#include "support/assets.h"

namespace durward {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A model that is sound: y = Relu(x).
OnnxModel relu_model() {
  OnnxModel model(13);
  model.input("x", {1, 3, 4, 4});
  model.node("Relu", {"x"}, {"y"}).name("act");
  model.output("y", {1, 3, 4, 4});
  return model;
}

absl::Status read(const std::string& bytes, const OnnxReadOptions& options = {}) {
  return read_onnx(bytes_of(bytes), options).status();
}

std::string message(const absl::Status& status) { return std::string(status.message()); }

TEST(BrokenOnnx, SoundModelIsRead) { EXPECT_TRUE(read(relu_model().bytes()).ok()); }

TEST(BrokenOnnx, TruncatedOrForeignBytes) {
  const std::string bytes = relu_model().bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read(bytes.substr(0, size)).ok()) << size;
  }
  EXPECT_THAT(message(read("PK\x03\x04 not a model")), HasSubstr("not an ONNX model"));
}

TEST(BrokenOnnx, UnsupportedOpsetSaysWhatIsSupported) {
  for (const int opset : {0, 8, 22, 1 << 30}) {
    OnnxModel model = relu_model();
    model.proto().mutable_opset_import(0)->set_version(opset);
    EXPECT_THAT(message(read(model.bytes())),
                AllOf(HasSubstr(std::to_string(opset)), HasSubstr("9 to 21")));
  }
}

TEST(BrokenOnnx, AnOperandOfMoreDimensionsThanTheResultIsNamed) {
  OnnxModel gemm(13);
  gemm.input("x", {3, 5});
  gemm.floats("w", {5, 7}, std::vector<float>(35, 1));
  gemm.input("c", {2, 3, 7});
  gemm.node("Gemm", {"x", "w", "c"}, {"y"});
  gemm.output("y", {3, 7});
  EXPECT_THAT(message(read(gemm.bytes())), AllOf(HasSubstr("'c'"), HasSubstr("2x3x7")));
  OnnxModel prelu(13);
  prelu.input("x", {3, 4});
  prelu.floats("slope", {2, 3, 4}, std::vector<float>(24, 0.5f));
  prelu.node("PRelu", {"x", "slope"}, {"y"});
  prelu.output("y", {3, 4});
  EXPECT_FALSE(read(prelu.bytes()).ok());
}

TEST(BrokenOnnx, WeightsThatDoNotFitAFlattenedImage) {
  for (const int64_t depth : {47, 49, 3, 4800}) {
    OnnxModel model(13);
    model.input("x", {1, 3, 4, 4});
    model.node("MaxPool", {"x"}, {"pooled"}).set("kernel_shape", {1, 1});
    model.node("Flatten", {"pooled"}, {"flat"});
    model.floats("w", {5, depth}, std::vector<float>(static_cast<size_t>(5 * depth), 1));
    model.node("Gemm", {"flat", "w"}, {"y"}).name("fc").set("transB", int64_t{1});
    model.output("y", {1, 5});
    EXPECT_THAT(message(read(model.bytes())), HasSubstr("fc")) << depth;
  }
}

TEST(BrokenOnnx, ListsEveryUnsupportedNodeAtOnce) {
  OnnxModel model(13);
  model.input("x", {1, 3, 4, 4});
  model.floats("w", {3, 2, 2, 2}, std::vector<float>(24, 1));
  model.node("ConvTranspose", {"x", "w"}, {"a"}).name("up");
  model.node("Relu", {"a"}, {"b"});
  model.node("RNN", {"b"}, {"c"}).name("memory");
  model.node("FusedConv", {"x", "w"}, {"d"}).name("fused").domain("com.microsoft");
  model.node("MaxPool", {"x"}, {"e"})
      .name("pool")
      .set("kernel_shape", {2, 2})
      .set("dilations", {2, 2});
  model.output("c", {});
  const absl::Status status = read(model.bytes());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(message(status),
              AllOf(HasSubstr("4 node(s)"), HasSubstr("up: ConvTranspose (1x3x4x4, 3x2x2x2)"),
                    HasSubstr("Resize"), HasSubstr("memory: RNN (shape unknown)"),
                    HasSubstr("fused: FusedConv"), HasSubstr("com.microsoft"),
                    HasSubstr("pool: MaxPool (1x3x4x4)"), HasSubstr("dilat")));
}

TEST(BrokenOnnx, ATruthValueIsNoOutput) {
  OnnxModel model(13);
  model.input("x", {1, 3});
  model.node("Less", {"x", "x"}, {"holds"});
  model.output("holds", {1, 3}, onnx::TensorProto::BOOL);
  const absl::Status status = read(model.bytes());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(message(status), HasSubstr("output 'holds'"));
}

TEST(BrokenOnnx, Cycle) {
  OnnxModel model = relu_model();
  model.node("Add", {"p", "x"}, {"q"}).name("first");
  model.node("Relu", {"q"}, {"p"}).name("second");
  EXPECT_THAT(message(read(model.bytes())), AllOf(HasSubstr("cycle"), HasSubstr("'first'")));
}

TEST(BrokenOnnx, MissingTensor) {
  OnnxModel model = relu_model();
  model.node("Add", {"x", "absent"}, {"z"}).name("sum");
  EXPECT_THAT(message(read(model.bytes())), AllOf(HasSubstr("'absent'"), HasSubstr("'sum'")));
}

TEST(BrokenOnnx, MissingOutput) {
  OnnxModel model = relu_model();
  model.output("z", {1});
  EXPECT_THAT(message(read(model.bytes())), HasSubstr("'z'"));
  model.graph().clear_output();
  EXPECT_THAT(message(read(model.bytes())), HasSubstr("no output"));
}

TEST(BrokenOnnx, NameDefinedTwice) {
  OnnxModel model = relu_model();
  model.node("Neg", {"x"}, {"y"});
  EXPECT_THAT(message(read(model.bytes())), HasSubstr("'y'"));
  OnnxModel constants = relu_model();
  constants.floats("c", {1}, {1});
  constants.floats("c", {1}, {2});
  EXPECT_THAT(message(read(constants.bytes())), HasSubstr("'c' is defined twice"));
}

TEST(BrokenOnnx, DimensionsThatAreNone) {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{-3}, {int64_t{1} << 40, int64_t{1} << 40}, {INT64_MAX, 2}}) {
    OnnxModel model = relu_model();
    model.constant<float>("weights", onnx::TensorProto::FLOAT, shape, {1});
    EXPECT_THAT(message(read(model.bytes())), HasSubstr("'weights'"));
    OnnxModel input = relu_model();
    auto& proto = *input.graph().mutable_input(0)->mutable_type()->mutable_tensor_type();
    proto.mutable_shape()->clear_dim();
    for (const int64_t dimension : shape)
      proto.mutable_shape()->add_dim()->set_dim_value(dimension);
    EXPECT_THAT(message(read(input.bytes())), HasSubstr("'x'"));
  }
  OnnxModel deep = relu_model();
  deep.floats("deep", std::vector<int64_t>(9, 1), {1});
  EXPECT_THAT(message(read(deep.bytes())), HasSubstr("'deep'"));
}

TEST(BrokenOnnx, DataOfAnotherSize) {
  OnnxModel model = relu_model();
  model.floats("weights", {3, 3}, {1, 2, 3});
  EXPECT_THAT(message(read(model.bytes())),
              AllOf(HasSubstr("'weights'"), HasSubstr("12 bytes"), HasSubstr("36")));
}

TEST(BrokenOnnx, NanWeightsNameTheTensor) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  OnnxModel model = relu_model();
  model.floats("weights", {3}, {1, nan, 3});
  EXPECT_THAT(message(read(model.bytes())),
              AllOf(HasSubstr("'weights'"), HasSubstr("NaN"), HasSubstr("element 1")));
}

TEST(BrokenOnnx, OpenDimensionsAskForAValue) {
  OnnxModel model = relu_model();
  auto& shape =
      *model.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.mutable_dim(0)->set_dim_param("N");
  shape.mutable_dim(2)->set_dim_param("height");
  EXPECT_THAT(message(read(model.bytes())), AllOf(HasSubstr("'x'"), HasSubstr("'height'")));
  EXPECT_TRUE(read(model.bytes(), {.dimensions = {{"height", 8}}}).ok());
  EXPECT_THAT(message(read(model.bytes(), {.dimensions = {{"height", -8}}})), HasSubstr("-8"));
  const auto graph =
      read_onnx(bytes_of(model.bytes()), {.batch = 5, .dimensions = {{"height", 8}}});
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_EQ(graph->tensor(graph->inputs[0].tensor).shape, (Shape{5, 8, 4, 3}));
}

TEST(BrokenOnnx, AttributeOfAnotherType) {
  OnnxModel model = relu_model();
  model.node("Flatten", {"x"}, {"f"}).name("flat").set("axis", 1.0f);
  EXPECT_THAT(message(read(model.bytes())), AllOf(HasSubstr("'flat'"), HasSubstr("'axis'")));
}

TEST(BrokenOnnx, ConstantsOfAnySizeAreNotComputed) {
  OnnxModel model = relu_model();
  model.integers("huge", {1 << 20, 1 << 19});
  model.node("ConstantOfShape", {"huge"}, {"zeros"}).name("fill");
  const absl::Status status = read(model.bytes());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(message(status), HasSubstr("'fill'"));

  OnnxModel range = relu_model();
  for (const auto& [name, value] :
       {std::pair{"from", int64_t{0}}, {"to", INT64_MAX}, {"step", int64_t{1}}}) {
    range.constant<int64_t>(name, onnx::TensorProto::INT64, {}, {value});
  }
  range.node("Range", {"from", "to", "step"}, {"r"}).name("count");
  EXPECT_THAT(message(read(range.bytes())), HasSubstr("'count'"));
}

TEST(BrokenOnnx, ConvolutionThatDoesNotFit) {
  OnnxModel model = relu_model();
  model.floats("w", {4, 5, 3, 3}, std::vector<float>(180, 1));
  model.node("Conv", {"x", "w"}, {"c"}).name("conv");
  EXPECT_THAT(message(read(model.bytes())), AllOf(HasSubstr("'conv'"), HasSubstr("4x5x3x3")));
  for (const int64_t stride : {int64_t{0}, int64_t{-1}, INT64_MAX}) {
    OnnxModel strided = relu_model();
    strided.floats("w", {4, 3, 3, 3}, std::vector<float>(108, 1));
    strided.node("Conv", {"x", "w"}, {"c"}).name("conv").set("strides", {stride, stride});
    EXPECT_THAT(message(read(strided.bytes())), AllOf(HasSubstr("'conv'"), HasSubstr("strides")));
  }
}

// ---- external data ----

class ExternalOnnxData : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "durward-onnx.XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    root_ = folder;
    std::filesystem::create_directory(root_ / "model");
    std::filesystem::create_directory(root_ / "secret");
    const std::vector<float> values = {9, 9, 1, 2, 3};
    for (const char* place : {"model/weights.bin", "secret/weights.bin"}) {
      std::ofstream file(root_ / place, std::ios::binary);
      file.write(reinterpret_cast<const char*>(values.data()), 20);
    }
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // y = x + weights, where the weights lie at `location`.
  absl::StatusOr<Graph> read_with(const std::string& location, const std::string& offset,
                                  const std::string& length) {
    OnnxModel model(13);
    model.input("x", {3});
    onnx::TensorProto& weights = *model.graph().add_initializer();
    weights.set_name("weights");
    weights.set_data_type(onnx::TensorProto::FLOAT);
    weights.add_dims(3);
    weights.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&weights](const char* key, const std::string& value) {
      onnx::StringStringEntryProto& entry = *weights.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    };
    add("location", location);
    if (!offset.empty()) add("offset", offset);
    if (!length.empty()) add("length", length);
    model.node("Add", {"x", "weights"}, {"y"});
    model.output("y", {3});
    std::ofstream(root_ / "model" / "model.onnx", std::ios::binary) << model.bytes();
    return read_onnx(root_ / "model" / "model.onnx");
  }

  std::filesystem::path root_;
};

TEST_F(ExternalOnnxData, IsReadAtItsOffset) {
  const auto graph = read_with("weights.bin", "8", "12");
  ASSERT_TRUE(graph.ok()) << graph.status();
  const Node& add = graph->node(graph->node_ids()[0]);
  const auto values = graph->tensor(add.inputs[1]).values<float>();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), (std::vector<float>{1, 2, 3}));
}

TEST_F(ExternalOnnxData, NeverLeavesTheFolder) {
  std::filesystem::create_symlink(root_ / "secret" / "weights.bin", root_ / "model" / "link.bin");
  std::filesystem::create_directory_symlink(root_ / "secret", root_ / "model" / "folder");
  for (const std::string& location :
       {std::string("../secret/weights.bin"), (root_ / "secret" / "weights.bin").string(),
        std::string("link.bin"), std::string("folder/weights.bin"), std::string("."),
        std::string("")}) {
    const auto graph = read_with(location, "0", "12");
    EXPECT_FALSE(graph.ok()) << location;
    EXPECT_THAT(message(graph.status()), HasSubstr("'weights'")) << location;
  }
}

TEST_F(ExternalOnnxData, OutsideTheFileIsAnError) {
  for (const auto& [offset, length] : {std::pair{"12", "12"},
                                       {"-8", "12"},
                                       {"9223372036854775807", "12"},
                                       {"99999999999999999999", "12"},
                                       {"8", "4"},
                                       {"x", "12"}}) {
    const auto graph = read_with("weights.bin", offset, length);
    EXPECT_FALSE(graph.ok()) << offset;
    EXPECT_THAT(message(graph.status()), HasSubstr("'weights'")) << offset;
  }
  EXPECT_EQ(read_with("absent.bin", "", "").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ExternalOnnxData, OfAModelInMemoryNeedsAFolder) {
  ASSERT_TRUE(read_with("weights.bin", "", "12").ok());
  std::ifstream file(root_ / "model" / "model.onnx", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(message(read(bytes)), HasSubstr("external"));
  EXPECT_TRUE(read(bytes, {.external_data_folder = root_ / "model"}).ok());
}

}  // namespace
}  // namespace durward
