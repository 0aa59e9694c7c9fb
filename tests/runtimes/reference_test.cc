// The reference executor takes and gives what the source model's ports say.
#include "runtimes/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_model.h"

namespace durward {
namespace {

using testing::ElementsAre;

// relu(x) with x [1, 2, 2, 3] inside; `in` and `out` are the layouts of the ports.
Graph relu_graph(PortLayout in, PortLayout out) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DataType::kFloat32, {1, 2, 2, 3});
  const TensorId y = *graph.add_op(Unary{UnaryKind::kRelu}, "relu", {x});
  graph.inputs.push_back({x, "image", in});
  graph.outputs.push_back({y, "positive", out});
  return graph;
}

std::vector<float> run_relu(RuntimeModel& model, const std::vector<float>& values) {
  std::vector<Bytes> inputs = zeros(model.inputs()), outputs = zeros(model.outputs());
  std::memcpy(inputs[0].data(), values.data(), inputs[0].size());
  EXPECT_TRUE(run(model, inputs, outputs).ok());
  return floats(outputs[0]);
}

const std::vector<float> kCountdown = {5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6};

TEST(Reference, ChannelsFirstPortsArePermuted) {
  auto model = make_reference_model(relu_graph(PortLayout::kNchw, PortLayout::kNchw));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->kind(), RuntimeKind::kReference);
  EXPECT_EQ((*model)->inputs()[0].name, "image");
  EXPECT_THAT((*model)->inputs()[0].shape, ElementsAre(1, 3, 2, 2));
  EXPECT_THAT((*model)->outputs()[0].shape, ElementsAre(1, 3, 2, 2));
  EXPECT_THAT(run_relu(**model, kCountdown), ElementsAre(5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0));
}

TEST(Reference, ALayoutPerPort) {
  auto model = make_reference_model(relu_graph(PortLayout::kNchw, PortLayout::kAsIs));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT((*model)->outputs()[0].shape, ElementsAre(1, 2, 2, 3));
  // Channels 0, 1 and 2 start at 5, 1 and -3.
  EXPECT_THAT(run_relu(**model, kCountdown), ElementsAre(5, 1, 0, 4, 0, 0, 3, 0, 0, 2, 0, 0));
  auto back = make_reference_model(relu_graph(PortLayout::kAsIs, PortLayout::kNchw));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_THAT(run_relu(**back, kCountdown), ElementsAre(5, 2, 0, 0, 4, 1, 0, 0, 3, 0, 0, 0));
}

TEST(Reference, WrongBuffersAreRefused) {
  auto model = make_reference_model(relu_graph(PortLayout::kNchw, PortLayout::kNchw));
  ASSERT_TRUE(model.ok()) << model.status();
  std::vector<Bytes> inputs(1), outputs = zeros((*model)->outputs());
  EXPECT_EQ(run(**model, inputs, outputs).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ((*model)->profile().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Reference, ProfileNamesEachNode) {
  auto model =
      make_reference_model(relu_graph(PortLayout::kAsIs, PortLayout::kAsIs), {.profile = true});
  ASSERT_TRUE(model.ok()) << model.status();
  for (int i = 0; i < 2; ++i) run_relu(**model, kCountdown);
  const auto records = (*model)->profile();
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ((*records)[0].name, "relu");
  EXPECT_EQ((*records)[0].op, "Relu");
  EXPECT_EQ((*records)[0].precision, "float32");
  EXPECT_GT((*records)[0].microseconds, 0);
}

}  // namespace
}  // namespace durward
