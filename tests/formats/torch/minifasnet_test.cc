// The published MiniFASNet checkpoints against PyTorch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "compile/interpreter.h"
#include "formats/torch/import.h"
#include "support/assets.h"

namespace durward {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

struct Published {
  const char* file;
  int layers;  // convolutions, depthwise ones too, and linear layers
  int excitations;
  // What PyTorch 1.13 gives for picture() where the network is written in torch.nn.functional's
  // calls, from the names of the state dict.
  std::vector<float> logits;
};

const Published kPublished[] = {{"models/face_pad/2.7_80x80_MiniFASNetV2.pth",
                                 2 + 3 * 3 + 12 * 3 + 2 + 2,
                                 0,
                                 {-2.5914106369018555F, 0.9783630967140198F, 1.6124995946884155F}},
                                {"models/face_pad/4_0_0_80x80_MiniFASNetV1SE.pth",
                                 2 + 3 * 3 + 12 * 3 + 2 + 2 + 3 * 2,
                                 3,
                                 {3.8135218620300293F, 0.41800087690353394F, -4.232939720153809F}}};

// Every value of 0..255 somewhere, and no two rows, columns or channels alike.
std::vector<float> picture() {
  std::vector<float> nhwc;
  for (int y = 0; y < 80; ++y) {
    for (int x = 0; x < 80; ++x) {
      for (int c = 0; c < 3; ++c) {
        nhwc.push_back(static_cast<float>((y * 7 + x * 13 + c * 29 + y * x % 31) % 256));
      }
    }
  }
  return nhwc;
}

int count_named(const Graph& graph, std::initializer_list<std::string_view> names) {
  const auto nodes = graph.node_ids();
  return static_cast<int>(std::count_if(nodes.begin(), nodes.end(), [&](NodeId id) {
    return std::find(names.begin(), names.end(), op_name(graph.node(id).op)) != names.end();
  }));
}

TEST(MiniFasNetCheckpoint, GivesTheLogitsOfPyTorch) {
  for (const Published& published : kPublished) {
    const auto file = asset(published.file);
    if (!file) GTEST_SKIP() << "needs the shared assets: " << published.file;
    const auto graph = read_torch(*file);
    ASSERT_TRUE(graph.ok()) << graph.status();
    EXPECT_EQ(count_named(*graph, {"Conv2D", "DepthwiseConv2D", "FullyConnected"}),
              published.layers);
    EXPECT_EQ(count_named(*graph, {"Sigmoid"}), published.excitations);
    const auto interpreter = Interpreter::create(*graph);
    ASSERT_TRUE(interpreter.ok()) << interpreter.status();
    const std::vector<float> input = picture();
    std::vector<float> logits(3);
    const std::vector<std::span<const std::byte>> inputs = {std::as_bytes(std::span(input))};
    const std::vector<std::span<std::byte>> outputs = {std::as_writable_bytes(std::span(logits))};
    ASSERT_EQ(interpreter->run(inputs, outputs), absl::OkStatus());
    EXPECT_THAT(logits, Pointwise(FloatNear(2e-4F), published.logits)) << published.file;
  }
}

TEST(MiniFasNetCheckpoint, OneThatLacksATensorIsNamed) {
  const auto file = asset(kPublished[0].file);
  if (!file) GTEST_SKIP() << "needs the shared assets: " << kPublished[0].file;
  auto checkpoint = read_torch_checkpoint(*file);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  std::erase_if(checkpoint->tensors, [](const TorchTensor& tensor) {
    return tensor.name == "module.conv_34.project.bn.bias";
  });
  const auto graph = import_torch(*checkpoint);
  EXPECT_THAT(std::string(graph.status().message()),
              ::testing::AllOf(HasSubstr("MiniFASNet"), HasSubstr("conv_34.project.bn.bias")));
}

}  // namespace
}  // namespace durward
