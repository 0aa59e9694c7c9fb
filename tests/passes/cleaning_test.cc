// Constant folding, dead and common nodes, ops without effect, and moving data less.
#include "passes/evaluate.h"
#include "passes/passes.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

TEST(Cleaning, FoldsConstantsButNotADequantize) {
  GraphBuilder b;
  const TensorId x = b.input({2, 3});
  const TensorId sum = b.binary(BinaryKind::kAdd, b.random({3}), b.random({3}));
  const std::vector<int8_t> integers{1, -2, 3};
  const TensorId q = b.graph.add_constant<int8_t>("q", {3}, integers);
  b.graph.mutable_tensor(q).quant = QuantParams{{0.5f}, {0}, -1};
  const TensorId weights = b.add(Dequantize{}, {q});
  b.output(b.binary(BinaryKind::kMul, b.binary(BinaryKind::kAdd, x, sum), weights));
  EXPECT_THAT(ops_after(b, fold_constants), ElementsAre("Dequantize", "Add", "Mul"));
}

TEST(Cleaning, CommonNodesAndConstantsAreComputedOnce) {
  GraphBuilder b;
  const TensorId x = b.input({4});
  const TensorId first = b.binary(BinaryKind::kAdd, x, b.scalar(1));
  const TensorId second = b.binary(BinaryKind::kAdd, x, b.scalar(1));
  const TensorId other = b.binary(BinaryKind::kAdd, x, b.scalar(2));
  b.output(b.add(Concat{}, {b.unary(UnaryKind::kExp, first), b.unary(UnaryKind::kExp, second),
                            b.unary(UnaryKind::kExp, other)}));
  EXPECT_THAT(ops_after(b, eliminate_common_nodes),
              ElementsAre("Add", "Add", "Exp", "Exp", "Concat"));
}

TEST(Cleaning, EqualGraphOutputsKeepATensorEach) {
  GraphBuilder b;
  const TensorId x = b.input({4});
  b.output(b.unary(UnaryKind::kExp, x));
  b.output(b.unary(UnaryKind::kExp, x));
  EXPECT_THAT(ops_after(b, eliminate_common_nodes), ElementsAre("Exp", "Exp"));
}

TEST(Cleaning, EqualOpsWithOtherQuantisationDiffer) {
  Graph graph;
  const TensorId x = graph.add_tensor("x", DataType::kFloat32, {4});
  graph.inputs.push_back({x, "x", PortLayout::kAsIs});
  for (const float scale : {0.5f, 0.25f}) {
    const TensorId q = *graph.add_op(Quantize{}, absl::StrCat("q", scale), {x});
    graph.mutable_tensor(q).quant = QuantParams{{scale}, {0}, -1};
    const TensorId y = *graph.add_op(Dequantize{}, absl::StrCat("y", scale), {q});
    graph.outputs.push_back({y, absl::StrCat("y", scale), PortLayout::kAsIs});
  }
  EXPECT_FALSE(eliminate_common_nodes(graph));
}

TEST(Cleaning, OpsWithoutEffectGo) {
  GraphBuilder b;
  TensorId x = b.unary(UnaryKind::kExp, b.input({1, 2, 3, 4}));
  x = b.add(Identity{}, {x});
  x = b.add(Reshape{{1, 2, 3, 4}}, {x});
  x = b.add(Broadcast{{1, 2, 3, 4}}, {x});
  x = b.add(Transpose{{0, 1, 2, 3}}, {x});
  x = b.add(Pad{{0, 0, 0, 0}, {0, 0, 0, 0}}, {x});
  x = b.add(Tile{{1, 1, 1, 1}}, {x});
  x = b.add(Slice{{0, 0, 0, 0}, {1, 2, 3, 4}, {1, 1, 1, 1}}, {x});
  x = b.add(Concat{.axis = 3}, {x});
  x = b.binary(BinaryKind::kAdd, b.scalar(0), x);
  x = b.binary(BinaryKind::kSub, x, b.constant({4}, {0, 0, 0, 0}));
  x = b.binary(BinaryKind::kMul, x, b.scalar(1));
  x = b.binary(BinaryKind::kDiv, x, b.scalar(1));
  x = b.binary(BinaryKind::kPow, x, b.scalar(1));
  x = b.add(Clip{-INFINITY, INFINITY}, {x});
  x = b.add(PRelu{}, {x, b.scalar(1)});
  x = b.add(Pool2D{.kernel_h = 1, .kernel_w = 1}, {x});
  x = b.add(Reduce{.axes = {0}}, {x});
  x = b.add(Resize{.height = 2, .width = 3}, {x});
  b.output(b.unary(UnaryKind::kSqrt, x));
  EXPECT_THAT(ops_after(b, remove_no_ops, 0), ElementsAre("Exp", "Sqrt"));
}

TEST(Cleaning, ACastToTheSameTypeGoes) {
  GraphBuilder b;
  const TensorId x = b.add(Cast{DataType::kFloat32}, {b.unary(UnaryKind::kExp, b.input({4}))});
  b.output(b.unary(UnaryKind::kSqrt, b.add(Cast{DataType::kFloat16}, {x})));
  EXPECT_TRUE(remove_no_ops(b.graph));
  EXPECT_THAT(ops(b.graph), ElementsAre("Exp", "Cast", "Sqrt"));
}

TEST(Cleaning, OpsThatOnlyLookIdleStay) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kExp, b.input({4}));
  const std::vector<TensorId> kept{
      b.binary(BinaryKind::kSub, b.scalar(0), x),                 // -x
      b.binary(BinaryKind::kDiv, b.scalar(1), x),                 // 1 / x
      b.binary(BinaryKind::kAdd, x, b.constant({2, 1}, {0, 0})),  // broadcasts
      b.add(Slice{{3}, {-1}, {-1}}, {x}),                         // reverses
      b.add(Reduce{.kind = ReduceKind::kL2, .axes = {}}, {x}),    // |x|
      b.binary(BinaryKind::kMul, x, b.constant({4}, {1, 1, 1, 2}))};
  for (const TensorId id : kept) b.output(b.unary(UnaryKind::kSqrt, b.unary(UnaryKind::kAbs, id)));
  const size_t before = b.graph.node_count();
  EXPECT_FALSE(remove_no_ops(b.graph));
  EXPECT_EQ(b.graph.node_count(), before);
}

TEST(Cleaning, AnIdentityBetweenPortsStays) {
  GraphBuilder b;
  b.output(b.add(Identity{}, {b.input({4})}));
  EXPECT_THAT(ops_after(b, remove_no_ops), ElementsAre("Identity"));
}

TEST(Moving, ReshapesAndTransposesMergeAndCancel) {
  GraphBuilder b;
  TensorId x = b.unary(UnaryKind::kExp, b.input({2, 3, 4}));
  x = b.add(Reshape{{6, 4}}, {x});
  x = b.add(Reshape{{24}}, {x});
  x = b.add(Reshape{{2, 3, 4}}, {x});
  x = b.add(Transpose{{2, 0, 1}}, {x});
  x = b.add(Transpose{{1, 2, 0}}, {x});
  b.output(b.unary(UnaryKind::kAbs, x));
  const auto simplified = [](Graph& graph) { EXPECT_TRUE(simplify(graph).ok()); };
  EXPECT_THAT(ops_after(b, simplified, 0), ElementsAre("Exp", "Abs"));
}

TEST(Moving, TransposesMultiplyInTheRightOrder) {
  GraphBuilder b;
  TensorId x = b.add(Transpose{{1, 2, 0}}, {b.input({2, 3, 4})});
  b.output(b.add(Transpose{{0, 2, 1}}, {x}));
  EXPECT_THAT(ops_after(b, merge_transposes, 0), ElementsAre("Transpose"));
}

TEST(Moving, ATransposeOfOnesIsAReshape) {
  GraphBuilder b;
  b.output(b.add(Transpose{{0, 3, 1, 2}}, {b.input({1, 1, 5, 1})}));
  b.output(b.add(Transpose{{0, 3, 1, 2}}, {b.input({1, 2, 1, 3})}));
  EXPECT_THAT(ops_after(b, turn_transposes_into_reshapes, 0), ElementsAre("Reshape", "Transpose"));
}

// Down to the second Transpose through every kind of op that minds no order.
TEST(Moving, TransposesSinkUntilTheyMeet) {
  GraphBuilder b;
  const std::vector<int> to_nchw{0, 3, 1, 2};
  const TensorId image = b.unary(UnaryKind::kExp, b.input({2, 4, 6, 3}));
  TensorId x = b.add(Transpose{to_nchw}, {image});
  x = b.add(LeakyRelu{0.1f}, {x});
  x = b.binary(BinaryKind::kMul, b.random({1, 3, 1, 6}), x);
  x = b.batch_norm(x, 3, 1);
  x = b.add(Softmax{.axis = 2}, {x});
  x = b.add(Pad{{0, 1, 2, 0}, {0, 0, 1, 3}, 0.5f}, {x});
  x = b.add(Slice{{0, 0, 1, 8}, {2, 4, 7, 0}, {1, 1, 2, -2}}, {x});
  const TensorId other = b.add(Transpose{to_nchw}, {b.input({2, 3, 4, 4})});
  x = b.binary(BinaryKind::kAdd, x, other);
  x = b.add(Concat{.axis = 1}, {x, b.add(Transpose{to_nchw}, {b.input({2, 3, 4, 5})})});
  x = b.add(Reduce{.kind = ReduceKind::kMax, .axes = {2}}, {x});
  x = b.add(Transpose{{0, 2, 3, 1}}, {x});
  b.output(x);
  const auto simplified = [](Graph& graph) { EXPECT_TRUE(simplify(graph).ok()); };
  const auto left = ops_after(b, simplified);
  EXPECT_EQ(std::count(left.begin(), left.end(), "Transpose"), 0) << to_string(b.graph);
}

// A slope of ONNX's shape [C,1,1] on NCHW is one of [C] on NHWC.
TEST(Moving, APrelusSlopeTurnsWithItsInput) {
  GraphBuilder b, expected;
  const std::vector<float> slope{0.5f, -1, 2};
  const TensorId x = b.add(Transpose{{0, 3, 1, 2}}, {b.input({1, 4, 5, 3})});
  const TensorId y = b.add(PRelu{}, {x, b.constant({3, 1, 1}, slope)});
  b.output(b.add(Transpose{{0, 2, 3, 1}}, {y}));
  ASSERT_TRUE(simplify(b.graph).ok());
  EXPECT_THAT(ops(b.graph), ElementsAre("PRelu"));
  expected.output(
      expected.add(PRelu{}, {expected.input({1, 4, 5, 3}), expected.constant({3}, slope)}));
  EXPECT_EQ(*evaluate(b.graph), *evaluate(expected.graph));
}

TEST(Moving, AReductionThatDropsDimensionsKeepsTheOthersInOrder) {
  GraphBuilder b;
  const TensorId x = b.add(Transpose{{3, 1, 0, 2}}, {b.input({2, 3, 4, 5})});
  b.output(b.add(Reduce{.axes = {1}, .keep_dims = false}, {x}));
  EXPECT_THAT(ops_after(b, sink_transposes), ElementsAre("ReduceMean", "Transpose"));
}

TEST(Moving, FlatteningInAnotherOrderFoldsIntoTheColumns) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kTanh, b.input({2, 3, 4, 5}));
  const TensorId flat = b.add(Reshape{{2, 60}}, {b.add(Transpose{{0, 3, 1, 2}}, {x})});
  b.output(b.add(FullyConnected{}, {flat, b.random({7, 60}), b.random({7})}));
  EXPECT_THAT(ops_after(b, fold_transposes_into_fully_connected),
              ElementsAre("Tanh", "Reshape", "FullyConnected"));
}

// As PFLD joins three scales before its last layer.
TEST(Moving, FlattenedScalesFoldThroughAConcat) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kTanh, b.input({1, 3, 4, 5}));
  const TensorId y = b.unary(UnaryKind::kTanh, b.input({1, 2, 2, 6}));
  const TensorId plain = b.input({1, 8});
  const TensorId joined = b.add(
      Concat{.axis = 1}, {b.add(Reshape{{1, 60}}, {b.add(Transpose{{0, 3, 1, 2}}, {x})}), plain,
                          b.add(Reshape{{1, 24}}, {b.add(Transpose{{0, 2, 3, 1}}, {y})})});
  b.output(b.add(FullyConnected{}, {joined, b.random({7, 92})}));
  const auto left = ops_after(b, fold_transposes_into_fully_connected);
  EXPECT_EQ(std::count(left.begin(), left.end(), "Transpose"), 0);
}

TEST(Moving, ABroadcastIsAbsorbedWhereTheOtherSideHasTheShape) {
  GraphBuilder b;
  const TensorId x = b.input({2, 3});
  const TensorId y = b.unary(UnaryKind::kExp, b.input({2, 1}));
  b.output(b.binary(BinaryKind::kDiv, x, b.add(Broadcast{{2, 3}}, {y})));
  EXPECT_THAT(ops_after(b, absorb_broadcasts, 0), ElementsAre("Exp", "Div"));
  GraphBuilder needed;
  const TensorId small = needed.input({3});
  needed.output(needed.binary(BinaryKind::kAdd, small,
                              needed.add(Broadcast{{2, 3}}, {needed.input({2, 1})})));
  EXPECT_FALSE(absorb_broadcasts(needed.graph));
}

Pad zeros_around(float value) { return Pad{{0, 1, 2, 0}, {0, 0, 1, 0}, value}; }

TEST(Pads, FoldIntoWhatPadsByTheSame) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kRelu, b.input({1, 6, 6, 4}));
  const auto padded = [&](float value) { return b.add(zeros_around(value), {x}); };
  const Pool2D pool{.kernel_h = 4, .kernel_w = 4, .stride_h = 2, .stride_w = 2};
  Pool2D average = pool;
  average.kind = PoolKind::kAverage;
  b.output(b.add(Conv2D{.padding = {1, 1, 0, 0}}, {padded(0), b.random({2, 3, 3, 4})}));
  b.output(b.add(DepthwiseConv2D{}, {padded(0), b.random({1, 3, 3, 4})}));
  b.output(b.add(pool, {padded(0)}));  // of what is not negative
  b.output(b.add(pool, {padded(-INFINITY)}));
  b.output(b.add(average, {padded(0)}));
  const auto left = ops_after(b, fold_pads);
  EXPECT_EQ(std::count(left.begin(), left.end(), "Pad"), 0);
}

TEST(Pads, StayWhereFoldingWouldChangeTheValue) {
  GraphBuilder b;
  const TensorId x = b.input({1, 6, 6, 4});
  const Pool2D pool{.kernel_h = 4, .kernel_w = 4};
  Pool2D average = pool;
  average.kind = PoolKind::kAverage;
  average.padding = {1, 1, 1, 1};
  b.output(b.add(Conv2D{}, {b.add(zeros_around(1), {x}), b.random({2, 3, 3, 4})}));
  b.output(b.add(pool, {b.add(zeros_around(0), {x})}));
  b.output(b.add(average, {b.add(zeros_around(0), {x})}));
  b.output(b.add(DepthwiseConv2D{},
                 {b.add(Pad{{0, 0, 0, 0}, {0, 0, 0, 1}}, {x}), b.random({1, 3, 3, 5})}));
  EXPECT_FALSE(fold_pads(b.graph));
}

TEST(Cleaning, WhatNoOutputNeedsGoes) {
  GraphBuilder b;
  const TensorId x = b.input({4});
  b.unary(UnaryKind::kExp, b.unary(UnaryKind::kAbs, x));
  b.output(b.unary(UnaryKind::kTanh, x));
  EXPECT_THAT(ops_after(b, eliminate_dead_nodes, 0), ElementsAre("Tanh"));
}

TEST(Cleaning, StatesThatNothingReadsAreNotReturned) {
  for (const size_t used : {size_t{0}, size_t{1}, size_t{2}}) {
    GraphBuilder b;
    const std::vector<TensorId> inputs{b.input({3, 1, 2}), b.random({8, 2}), b.random({8, 2})};
    std::vector<TensorId> outputs;
    for (const char* name : {"y", "hidden", "cell"}) {
      outputs.push_back(b.graph.add_tensor(name, DataType::kFloat32, {}));
    }
    const NodeId id = b.graph.add_node(Lstm{2}, "lstm", inputs, outputs);
    ASSERT_TRUE(infer_shapes(b.graph, id).ok());
    b.output(outputs[used]);
    const auto before = evaluate(b.graph);
    ASSERT_TRUE(before.ok()) << before.status();
    EXPECT_EQ(drop_unused_states(b.graph), used < 2);
    const NodeId left = b.graph.producer(outputs[used]);
    EXPECT_EQ(b.graph.node(left).outputs.size(), used + 1);
    EXPECT_EQ(*evaluate(b.graph), *before);
  }
}

}  // namespace
}  // namespace durward
