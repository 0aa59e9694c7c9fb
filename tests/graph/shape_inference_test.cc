#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/one_node.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// The layers of MobileFaceNet (Chen et al., 2018, table 1), whose sizes the paper gives.
TEST(ShapeInference, FollowsMobileFaceNetsTable) {
  const Padding one{1, 1, 1, 1};
  EXPECT_EQ(*output_shape(Conv2D{.stride_h = 2, .stride_w = 2, .padding = one},
                          {{{1, 112, 112, 3}}, {{64, 3, 3, 3}}}),
            (Shape{1, 56, 56, 64}));
  EXPECT_EQ(*output_shape(DepthwiseConv2D{.padding = one}, {{{1, 56, 56, 64}}, {{1, 3, 3, 64}}}),
            (Shape{1, 56, 56, 64}));
  EXPECT_EQ(*output_shape(DepthwiseConv2D{.stride_h = 2, .stride_w = 2, .padding = one},
                          {{{1, 56, 56, 128}}, {{1, 3, 3, 128}}}),
            (Shape{1, 28, 28, 128}));
  EXPECT_EQ(*output_shape(DepthwiseConv2D{}, {{{1, 7, 7, 512}}, {{1, 7, 7, 512}}}),
            (Shape{1, 1, 1, 512}));
  EXPECT_EQ(*output_shape(FullyConnected{}, {{{1, 512}}, {{128, 512}}, {{128}}}), (Shape{1, 128}));
}

// AlexNet's and VGG's published sizes: 227 -> 55 (kernel 11, stride 4), pool 3/2 -> 27.
TEST(ShapeInference, FollowsAlexNetsSizes) {
  EXPECT_EQ(*output_shape(Conv2D{.stride_h = 4, .stride_w = 4},
                          {{{1, 227, 227, 3}}, {{96, 11, 11, 3}}, {{96}}}),
            (Shape{1, 55, 55, 96}));
  EXPECT_EQ(*output_shape(Pool2D{.kernel_h = 3, .kernel_w = 3, .stride_h = 2, .stride_w = 2},
                          {{{1, 55, 55, 96}}}),
            (Shape{1, 27, 27, 96}));
  // AlexNet's second convolution has two groups: each filter sees 48 of 96 channels.
  EXPECT_EQ(*output_shape(Conv2D{.padding = {2, 2, 2, 2}, .groups = 2},
                          {{{1, 27, 27, 96}}, {{256, 5, 5, 48}}}),
            (Shape{1, 27, 27, 256}));
}

TEST(ShapeInference, DilatesPadsAndStridesEachDirectionOnItsOwn) {
  // (9 + 1 + 2 - (2 * 2 + 1)) / 2 + 1 = 4; (10 + 3 + 0 - (3 * 1 + 1)) / 3 + 1 = 4
  EXPECT_EQ(*output_shape(Conv2D{.stride_h = 2,
                                 .stride_w = 3,
                                 .dilation_h = 2,
                                 .dilation_w = 3,
                                 .padding = {1, 2, 3, 0}},
                          {{{2, 9, 10, 4}}, {{5, 3, 2, 4}}}),
            (Shape{2, 4, 4, 5}));
}

TEST(ShapeInference, DepthwiseMultipliesChannels) {
  EXPECT_EQ(*output_shape(DepthwiseConv2D{}, {{{1, 5, 5, 3}}, {{1, 3, 3, 12}}, {{12}}}),
            (Shape{1, 3, 3, 12}));
}

TEST(ShapeInference, BroadcastsAsNumpyDoes) {
  const Binary add{BinaryKind::kAdd};
  EXPECT_EQ(*output_shape(add, {{{8, 1, 6, 1}}, {{7, 1, 5}}}), (Shape{8, 7, 6, 5}));
  EXPECT_EQ(*output_shape(add, {{{}}, {{2, 3}}}), (Shape{2, 3}));
  EXPECT_EQ(*output_shape(add, {{{0, 3}}, {{1, 3}}}), (Shape{0, 3}));
  EXPECT_FALSE(output_shape(add, {{{2, 1}}, {{8, 4, 3}}}).ok());
  EXPECT_EQ(*output_shape(Broadcast{{2, 3, 4}}, {{{3, 1}}}), (Shape{2, 3, 4}));
  EXPECT_FALSE(output_shape(Broadcast{{3, 1}}, {{{2, 3, 4}}}).ok());
}

TEST(ShapeInference, MultipliesBatchesOfMatrices) {
  EXPECT_EQ(*output_shape(MatMul{}, {{{5, 1, 2, 3}}, {{4, 3, 7}}}), (Shape{5, 4, 2, 7}));
  EXPECT_FALSE(output_shape(MatMul{}, {{{2, 3}}, {{4, 5}}}).ok());
}

TEST(ShapeInference, MovesElements) {
  EXPECT_EQ(*output_shape(Transpose{{0, 3, 1, 2}}, {{{1, 2, 3, 4}}}), (Shape{1, 4, 2, 3}));
  EXPECT_EQ(*output_shape(Reshape{{2, 12}}, {{{1, 2, 3, 4}}}), (Shape{2, 12}));
  EXPECT_EQ(*output_shape(Tile{{2, 1, 3}}, {{{1, 2, 3}}}), (Shape{2, 2, 9}));
  EXPECT_EQ(*output_shape(Concat{.axis = 1}, {{{2, 3}}, {{2, 0}}, {{2, 4}}}), (Shape{2, 7}));
  EXPECT_EQ(*output_shape(Pad{.before = {0, 1}, .after = {2, 0}}, {{{3, 3}}}), (Shape{5, 4}));
  EXPECT_EQ(*output_shapes(Split{.axis = 1, .sizes = {1, 3}}, {{{2, 4}}}, 2),
            (std::vector<Shape>{{2, 1}, {2, 3}}));
  EXPECT_EQ(*output_shape(Gather{.axis = 1}, {{{2, 5, 3}}, {{4, 6}, DataType::kInt64}}),
            (Shape{2, 4, 6, 3}));
  EXPECT_EQ(*output_shape(Gather{.axis = 0}, {{{7}}, {{}, DataType::kInt32}}), Shape{});
  EXPECT_EQ(*output_shape(ShapeOf{}, {{{2, 5, 3}}}), Shape{3});
}

// The element counts are those of Python's range(begin, end, step).
TEST(ShapeInference, SlicesAsPythonRangesDo) {
  const auto count = [](int64_t size, int64_t begin, int64_t end, int64_t step) {
    return (*output_shape(Slice{{begin}, {end}, {step}}, {{{size}}}))[0];
  };
  EXPECT_EQ(count(10, 2, 9, 3), 3);  // 2 5 8
  EXPECT_EQ(count(10, 2, 8, 3), 2);  // 2 5
  EXPECT_EQ(count(10, 9, -1, -1), 10);
  EXPECT_EQ(count(5, 4, -1, -2), 3);  // 4 2 0
  EXPECT_EQ(count(5, 4, 0, -2), 2);   // 4 2
  EXPECT_EQ(count(5, 3, 3, 1), 0);
  EXPECT_EQ(count(5, 1, 4, -1), 0);
  EXPECT_EQ(count(5, 4, -1, INT64_MIN), 1);
  EXPECT_EQ(count(5, 0, 5, INT64_MAX), 1);
}

TEST(ShapeInference, ReducesAndKeepsOrDrops) {
  const Reduce kept{.axes = {1, 2}};
  EXPECT_EQ(*output_shape(kept, {{{1, 7, 7, 64}}}), (Shape{1, 1, 1, 64}));
  const Reduce dropped{.axes = {0, 3}, .keep_dims = false};
  EXPECT_EQ(*output_shape(dropped, {{{1, 7, 5, 64}}}), (Shape{7, 5}));
}

TEST(ShapeInference, TradesDepthForSpace) {
  EXPECT_EQ(*output_shape(DepthToSpace{.block = 2}, {{{1, 3, 5, 8}}}), (Shape{1, 6, 10, 2}));
  EXPECT_EQ(*output_shape(SpaceToDepth{.block = 2}, {{{1, 6, 10, 2}}}), (Shape{1, 3, 5, 8}));
  EXPECT_EQ(*output_shape(Resize{.height = 9, .width = 4}, {{{1, 3, 5, 8}}}), (Shape{1, 9, 4, 8}));
}

TEST(ShapeInference, KeepsTheIntegerTypeOfAQuantizedGraph) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DataType::kInt8, {1, 4, 4, 8});
  const TensorId weights = graph.add_tensor("w", DataType::kInt8, {16, 1, 1, 8});
  const TensorId bias = graph.add_tensor("b", DataType::kInt32, {16});
  const TensorId slope = graph.add_tensor("slope", DataType::kFloat32, {16});
  const auto y =
      graph.add_op(Conv2D{.activation = Activation::kPRelu}, "conv", {x, weights, bias, slope});
  ASSERT_TRUE(y.ok()) << y.status();
  EXPECT_EQ(graph.tensor(*y).type, DataType::kInt8);
  const auto back = graph.add_op(Dequantize{}, "dequantize", {*y});
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(graph.tensor(*back).type, DataType::kFloat32);
}

TEST(ShapeInference, AQuantizeKeepsTheTypeChosenForItsOutput) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DataType::kFloat32, {4});
  const TensorId chosen = graph.add_tensor("q", DataType::kUInt8, {});
  const NodeId id = graph.add_node(Quantize{}, "quantize", {x}, {chosen});
  ASSERT_TRUE(infer_shapes(graph, id).ok());
  EXPECT_EQ(graph.tensor(chosen).type, DataType::kUInt8);
  EXPECT_EQ(graph.tensor(chosen).shape, Shape{4});
  EXPECT_EQ(graph.tensor(*graph.add_op(Quantize{}, "default", {x})).type, DataType::kInt8);
}

TEST(ShapeInference, CountsANegativeAxisFromTheFrontOnceAndForAll) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DataType::kFloat32, {2, 3, 5});
  const TensorId y = *graph.add_op(Softmax{.axis = -1}, "softmax", {x});
  EXPECT_EQ(graph.producer_as<Softmax>(y)->axis, 2);
}

TEST(ShapeInference, ErrorsNameNodeOpAndShapes) {
  const auto shape = output_shape(Conv2D{}, {{{1, 8, 8, 3}}, {{16, 3, 3, 4}}});
  EXPECT_TRUE(absl::IsInvalidArgument(shape.status()));
  const std::string message(shape.status().message());
  EXPECT_THAT(message, HasSubstr("'the_node'"));
  EXPECT_THAT(message, HasSubstr("Conv2D"));
  EXPECT_THAT(message, HasSubstr("1x8x8x3"));
  EXPECT_THAT(message, HasSubstr("16x3x3x4"));
  EXPECT_THAT(message, HasSubstr("must have 3 channels"));
}

// One LSTM layer of PyTorch's documentation: nn.LSTM(10, 20), x of 5 steps of 3 sequences.
TEST(ShapeInference, GivesARecurrentLayersSequenceAndStates) {
  const std::vector<Input> inputs{{{5, 3, 10}}, {{80, 10}}, {{80, 20}},
                                  {{80}},       {{3, 20}},  {{3, 20}}};
  EXPECT_EQ(*output_shapes(Lstm{20}, inputs, 3),
            (std::vector<Shape>{{5, 3, 20}, {3, 20}, {3, 20}}));
  EXPECT_EQ(*output_shapes(Lstm{20}, {inputs.begin(), inputs.begin() + 3}, 1),
            (std::vector<Shape>{{5, 3, 20}}));
  EXPECT_EQ(*output_shapes(Gru{20}, {{{5, 3, 10}}, {{60, 10}}, {{60, 20}}, {{120}}, {{3, 20}}}, 2),
            (std::vector<Shape>{{5, 3, 20}, {3, 20}}));
}

TEST(ShapeInference, RefusesRecurrentLayersThatDoNotFit) {
  const auto message = [](Op op, const std::vector<Input>& inputs, int outputs) {
    return std::string(output_shapes(std::move(op), inputs, outputs).status().message());
  };
  EXPECT_THAT(message(Lstm{20}, {{{3, 10}}, {{80, 10}}, {{80, 20}}}, 1), HasSubstr("[T,N,I]"));
  EXPECT_THAT(message(Lstm{20}, {{{5, 3, 10}}, {{60, 10}}, {{80, 20}}}, 1),
              HasSubstr("weights must be [80,10]"));
  EXPECT_THAT(message(Lstm{20}, {{{5, 3, 10}}, {{80, 10}}, {{80, 10}}}, 1),
              HasSubstr("recurrent weights must be [80,20]"));
  EXPECT_THAT(message(Lstm{20}, {{{5, 3, 10}}, {{80, 10}}, {{80, 20}}, {{20}}}, 1),
              HasSubstr("bias must have shape 80"));
  EXPECT_THAT(message(Gru{20}, {{{5, 3, 10}}, {{60, 10}}, {{60, 20}}, {{120}}, {{20, 3}}}, 1),
              HasSubstr("initial state"));
  EXPECT_THAT(message(Lstm{20}, {{{5, 3, 10}}, {{80, 10}}, {{80, 20}}}, 4), HasSubstr("outputs"));
  EXPECT_THAT(message(Lstm{int64_t{1} << 62}, {{{5, 3, 10}}, {{80, 10}}, {{80, 20}}}, 1),
              HasSubstr("hidden size"));
}

}  // namespace
}  // namespace durward
