// What lowering makes of a node, for those who place and store its calls: how many, with which
// operands. What the calls compute is tested through the interpreter.
#include "compile/lower/lower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compile/graph_builder.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

// The calls of the node that produces `output`.
LoweredCalls calls_of(const Graph& graph, TensorId output) {
  absl::StatusOr<LoweredCalls> calls = lower(graph, graph.producer(output));
  EXPECT_TRUE(calls.ok()) << calls.status();
  return calls.ok() ? *std::move(calls) : LoweredCalls{};
}

template <typename T>
std::vector<T> values(const Operand& operand) {
  EXPECT_FALSE(operand.tensor.valid());
  EXPECT_NE(operand.constant, nullptr);
  if (operand.constant == nullptr) return {};
  const auto* begin = reinterpret_cast<const T*>(operand.constant->data());
  return {begin, begin + operand.constant->size() / sizeof(T)};
}

bool left_out(const Operand& operand) {
  return !operand.tensor.valid() && operand.constant == nullptr;
}

TEST(Lower, GivesAnInt8LayerItsWeightsBiasAndMultipliers) {
  Builder b;
  const TensorId x = b.int8_input({1, 1, 3, 1}, 0.5f, 2);
  const TensorId w = b.weights({2, 1, 1, 1}, {4, -4}, {0.25f, 0.5f}, 0);
  const TensorId bias = b.constant<int32_t>({2}, {8, 0});
  const TensorId slope = b.constant<float>({2}, {0.5f, 0.25f});
  const TensorId y =
      b.op(Conv2D{.activation = Activation::kPRelu}, {x, w, bias, slope}, 0.25f, -10);
  const LoweredCalls calls = calls_of(b.graph, y);
  ASSERT_EQ(calls.size(), 1u);
  const auto* call = std::get_if<Conv2DInt8Call>(&calls[0].call);
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->input_zero_point, 2);
  EXPECT_EQ(call->output.zero_point, -10);
  EXPECT_FALSE(call->fused.present);
  EXPECT_EQ(calls[0].output, y);
  ASSERT_EQ(calls[0].inputs.size(), 5u);
  EXPECT_EQ(calls[0].inputs[0].tensor, x);
  EXPECT_EQ(calls[0].inputs[1].tensor, w);
  EXPECT_EQ(calls[0].inputs[2].tensor, bias);
  EXPECT_THAT(values<float>(calls[0].inputs[3]), ElementsAre(0.5f, 1));
  EXPECT_THAT(values<float>(calls[0].inputs[4]), ElementsAre(0.25f, 0.25f));
}

TEST(Lower, MakesAnInt8FullyConnectedLayerAConvolutionOfPixels) {
  Builder b;
  const TensorId x = b.int8_input({4, 2}, 1, 0);
  const TensorId w = b.weights({3, 2}, {1, 2, 3, 4, 5, 6}, {1}, 0);
  const LoweredCalls calls = calls_of(b.graph, b.op(FullyConnected{}, {x, w}, 1, 0));
  ASSERT_EQ(calls.size(), 1u);
  const auto* call = std::get_if<Conv2DInt8Call>(&calls[0].call);
  ASSERT_NE(call, nullptr);
  const WindowGeometry& window = call->geometry.window;
  EXPECT_EQ(window.in_h, 1);
  EXPECT_EQ(window.in_w, 4);
  EXPECT_EQ(window.in_c, 2);
  EXPECT_EQ(window.out_h, 1);
  EXPECT_EQ(window.out_w, 4);
  EXPECT_EQ(window.out_c, 3);
  // A bias of zeros for the one that the node leaves out.
  EXPECT_THAT(values<int32_t>(calls[0].inputs[2]), ElementsAre(0, 0, 0));
}

TEST(Lower, LeavesOutWhatAFloatLayerLeavesOut) {
  Builder b;
  const TensorId x = b.input({1, 2}), w = b.constant<float>({1, 2}, {1, 2});
  const LoweredCalls calls = calls_of(b.graph, b.op(FullyConnected{}, {x, w}));
  ASSERT_EQ(calls.size(), 1u);
  ASSERT_EQ(calls[0].inputs.size(), 4u);
  EXPECT_TRUE(left_out(calls[0].inputs[2]));
  EXPECT_TRUE(left_out(calls[0].inputs[3]));
}

TEST(Lower, MakesOneCallPerPartOfAConcatThatHasElements) {
  Builder b;
  const TensorId x = b.int8_input({1, 2}, 1, 0), empty = b.int8_input({1, 0}, 1, 0);
  const TensorId finer = b.int8_input({1, 3}, 0.5f, 0);
  const TensorId y = b.op(Concat{1}, {x, empty, finer}, 1, 0);
  const LoweredCalls calls = calls_of(b.graph, y);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].inputs[0].tensor, x);
  EXPECT_TRUE(left_out(calls[0].inputs[1]));
  EXPECT_EQ(calls[1].inputs[0].tensor, finer);
  EXPECT_EQ(values<int8_t>(calls[1].inputs[1]).size(), 256u);
  EXPECT_EQ(calls[1].output, y);
}

TEST(Lower, FillsBeforeItCopiesIntoPadding) {
  Builder b;
  const TensorId x = b.int8_input({2}, 1, 0);
  const LoweredCalls calls = calls_of(b.graph, b.op(Pad{{1}, {0}, 3}, {x}, 0.5f, -1));
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<FillCall>(calls[0].call));
  EXPECT_THAT(values<int8_t>(calls[0].inputs[0]), ElementsAre(5));  // 3 / 0.5 - 1
  EXPECT_TRUE(std::holds_alternative<CopyCall>(calls[1].call));
  EXPECT_EQ(calls[1].inputs[0].tensor, x);
}

TEST(Lower, MakesNoCallForAnEmptyTensor) {
  Builder b;
  const TensorId x = b.input({0, 3});
  EXPECT_EQ(calls_of(b.graph, b.op(Unary{UnaryKind::kRelu}, {x})).size(), 0u);
}

}  // namespace
}  // namespace durward
