// Fusing activations, and the encodings of a PRelu.
#include "passes/evaluate.h"
#include "passes/passes.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

TEST(FuseActivations, ReluRelu6AndPreluMoveIntoLayers) {
  GraphBuilder b;
  TensorId x = b.input({1, 6, 6, 3});
  x = b.unary(UnaryKind::kRelu, b.add(Conv2D{}, {x, b.random({4, 3, 3, 3})}));
  x = b.unary(UnaryKind::kRelu6, b.add(DepthwiseConv2D{}, {x, b.random({1, 3, 3, 4}, -3, 3)}));
  x = b.add(Reshape{{4, 4}}, {x});
  x = b.add(FullyConnected{}, {x, b.random({5, 4})});
  b.output(b.add(PRelu{}, {x, b.random({1, 5}, -1, 2)}));
  EXPECT_THAT(ops_after(b, fuse_activations, 1e-6),
              ElementsAre("Conv2D", "DepthwiseConv2D", "Reshape", "FullyConnected"));
  const NodeId last = b.graph.producer(b.graph.outputs[0].tensor);
  EXPECT_EQ(b.graph.op_as<FullyConnected>(last)->activation, Activation::kPRelu);
  ASSERT_EQ(b.graph.node(last).inputs.size(), 4u);
  EXPECT_EQ(b.graph.tensor(b.graph.node(last).inputs[3]).shape, Shape{5});
}

TEST(FuseActivations, AnAddTakesReluButNoPrelu) {
  GraphBuilder b;
  const TensorId x = b.input({2, 3}), y = b.input({2, 3});
  b.output(b.unary(UnaryKind::kRelu, b.binary(BinaryKind::kAdd, x, y)));
  b.output(b.add(PRelu{}, {b.binary(BinaryKind::kAdd, y, x), b.random({3})}));
  b.output(b.unary(UnaryKind::kRelu, b.binary(BinaryKind::kMul, x, y)));
  EXPECT_THAT(ops_after(b, fuse_activations, 0), ElementsAre("Add", "Add", "PRelu", "Mul", "Relu"));
}

TEST(FuseActivations, WhatOthersUseStays) {
  GraphBuilder b;
  const TensorId x = b.add(Conv2D{}, {b.input({1, 3, 3, 2}), b.random({4, 1, 1, 2})});
  b.output(x);
  b.output(b.unary(UnaryKind::kRelu, x));
  EXPECT_FALSE(fuse_activations(b.graph));
}

TEST(FuseActivations, ASlopePerElementStays) {
  GraphBuilder b;
  const TensorId x = b.add(Conv2D{}, {b.input({1, 3, 3, 2}), b.random({4, 1, 1, 2})});
  b.output(b.add(PRelu{}, {x, b.random({3, 3, 4})}));
  EXPECT_FALSE(fuse_activations(b.graph));
}

// conv -> PRelu -> depthwise -> PRelu -> add(residual), with slopes below 0 and above 1.
GraphBuilder network(const std::vector<float>& slopes) {
  GraphBuilder b;
  const TensorId image = b.unary(UnaryKind::kTanh, b.input({1, 5, 5, 4}));
  TensorId x = b.add(Conv2D{}, {image, b.random({4, 1, 1, 4}), b.random({4})});
  x = b.add(PRelu{}, {x, b.constant({4}, slopes)});
  x = b.add(DepthwiseConv2D{.padding = {1, 1, 1, 1}}, {x, b.random({1, 3, 3, 4})});
  x = b.add(PRelu{}, {x, b.constant({1, 1, 4}, {0.25f, 0.1f, 0.9f, 0})});
  b.output(b.binary(BinaryKind::kAdd, x, image));
  return b;
}
const std::vector<float> kUsual{0.25f, 0.1f, 1, 0};
const std::vector<float> kUnusual{-0.5f, 1.75f, 0.25f, 3};

std::vector<std::string> decomposed(GraphBuilder b, PreluEncoding encoding, double tolerance) {
  return ops_after(
      b, [encoding](Graph& graph) { EXPECT_TRUE(decompose_prelu(graph, encoding)); }, tolerance);
}

TEST(DecomposePrelu, AsAReluPairIsExact) {
  for (const auto& slopes : {kUsual, kUnusual}) {
    EXPECT_THAT(decomposed(network(slopes), PreluEncoding::kReluPair, 0),
                ElementsAre("Tanh", "Conv2D", "Relu", "Clip", "Mul", "Add", "DepthwiseConv2D",
                            "Relu", "Clip", "Mul", "Add", "Add"));
  }
}

TEST(DecomposePrelu, AsAMaximumIsExactWhereNoSlopeIsLimited) {
  EXPECT_THAT(
      decomposed(network(kUsual), PreluEncoding::kMaximum, 0),
      ElementsAre("Tanh", "Conv2D", "Mul", "Maximum", "DepthwiseConv2D", "Mul", "Maximum", "Add"));
}

struct Encoding {
  PreluEncoding encoding;
  const char* name;
  // How often each op is in the network above, activations fused.
  int conv, depthwise, mul, maximum, add;
};

void PrintTo(const Encoding& encoding, std::ostream* out) { *out << encoding.name; }

class ConvexEncoding : public ::testing::TestWithParam<Encoding> {};

TEST_P(ConvexEncoding, HoldsForEverySlopeBetweenLayers) {
  const Encoding& e = GetParam();
  for (const auto& slopes : {kUsual, kUnusual}) {
    GraphBuilder b = network(slopes);
    const auto left = ops_after(b, [&e](Graph& graph) {
      EXPECT_TRUE(decompose_prelu(graph, e.encoding));
      fuse_activations(graph);
    });
    EXPECT_EQ(std::count(left.begin(), left.end(), "Conv2D"), e.conv);
    EXPECT_EQ(std::count(left.begin(), left.end(), "DepthwiseConv2D"), e.depthwise);
    EXPECT_EQ(std::count(left.begin(), left.end(), "Mul"), e.mul);
    EXPECT_EQ(std::count(left.begin(), left.end(), "Maximum"), e.maximum);
    EXPECT_EQ(std::count(left.begin(), left.end(), "Add"), e.add);
    EXPECT_EQ(std::count(left.begin(), left.end(), "Relu"), 0);
  }
}

// A sign cannot fold into an Add: there the form that holds for every slope stands in.
TEST_P(ConvexEncoding, GivesWayWhereASlopeAboveOneStays) {
  GraphBuilder b;
  const TensorId image = b.unary(UnaryKind::kTanh, b.input({1, 5, 5, 2}));
  TensorId x = b.add(Conv2D{}, {image, b.random({2, 1, 1, 2})});
  x = b.add(PRelu{}, {x, b.constant({2}, {0.5f, 1.5f})});
  b.output(b.binary(BinaryKind::kAdd, x, image));
  EXPECT_THAT(decomposed(std::move(b), GetParam().encoding, 0),
              ElementsAre("Tanh", "Conv2D", "Relu", "Clip", "Mul", "Add", "Add"));
}

TEST_P(ConvexEncoding, HoldsBehindWhatIsNoLayer) {
  GraphBuilder b;
  const TensorId image = b.unary(UnaryKind::kTanh, b.input({1, 5, 5, 2}));
  const TensorId vector = b.unary(UnaryKind::kTanh, b.input({3, 2}));
  b.output(b.add(PRelu{}, {image, b.constant({2}, {0.5f, -1.5f})}));
  b.output(b.add(PRelu{}, {vector, b.constant({1, 2}, {0.5f, -1.5f})}));
  const auto left = decomposed(std::move(b), GetParam().encoding, 1e-6);
  EXPECT_EQ(std::count(left.begin(), left.end(), "PRelu"), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Encodings, ConvexEncoding,
    ::testing::Values(Encoding{PreluEncoding::kMaximum, "Maximum", 1, 1, 2, 2, 1},
                      Encoding{PreluEncoding::kScaledCopy, "ScaledCopy", 1, 3, 0, 2, 1},
                      Encoding{PreluEncoding::kScaledSum, "ScaledSum", 1, 3, 2, 0, 3},
                      Encoding{PreluEncoding::kDoubledLayer, "DoubledLayer", 2, 2, 0, 2, 1},
                      Encoding{PreluEncoding::kDoubledDenseLayer, "DoubledDenseLayer", 2, 2, 0, 2,
                               1},
                      Encoding{PreluEncoding::kDoubledLayerSum, "DoubledLayerSum", 2, 2, 0, 0, 3}),
    ::testing::PrintToStringParamName());

// In the network above the dense layer is doubled and the depthwise one copied by a 1x1.
TEST(DecomposePrelu, DoublesOnlyDenseLayersWhereAsked) {
  GraphBuilder b = network(kUsual);
  decompose_prelu(b.graph, PreluEncoding::kDoubledDenseLayer);
  std::vector<Shape> kernels;
  for (const NodeId id : b.graph.node_ids()) {
    if (b.graph.op_as<DepthwiseConv2D>(id) != nullptr) {
      kernels.push_back(b.graph.tensor(b.graph.node(id).inputs[1]).shape);
    }
  }
  EXPECT_THAT(kernels, ElementsAre(Shape{1, 3, 3, 4}, Shape{1, 1, 1, 4}));
}

TEST(LimitPreluSlopes, BringsEverySlopeBetweenLayersIntoMinusOneToOne) {
  GraphBuilder b = network({-4, 1.75f, 0.25f, 3});
  EXPECT_EQ(ops_after(b, limit_prelu_slopes).size(), 6u);
  for (const NodeId id : b.graph.node_ids()) {
    if (b.graph.op_as<PRelu>(id) == nullptr) continue;
    for (const float slope : b.graph.tensor(b.graph.node(id).inputs[1]).values<float>()) {
      EXPECT_LE(std::fabs(slope), 1);
    }
  }
  EXPECT_FALSE(limit_prelu_slopes(b.graph));
}

TEST(DecomposePrelu, SimplifyRecognisesTheElementwiseForms) {
  for (const auto encoding : {PreluEncoding::kReluPair, PreluEncoding::kMaximum}) {
    GraphBuilder b = network(kUsual);
    decompose_prelu(b.graph, encoding);
    const auto left = ops_after(b, [](Graph& graph) { EXPECT_TRUE(simplify(graph).ok()); });
    EXPECT_EQ(std::count(left.begin(), left.end(), "PRelu"), 2) << to_string(b.graph);
    EXPECT_EQ(left.size(), 6u);
  }
}

}  // namespace
}  // namespace durward
