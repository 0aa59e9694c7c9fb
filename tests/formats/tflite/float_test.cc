// Float exports in LiteRT against the interpreter, op by op.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "formats/tflite/agreement.h"

namespace durward {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const Shape kImage{1, 7, 9, 6};

struct Case {
  std::string name;
  std::function<TensorId(GraphMaker&)> build;
  float low = -2, high = 2;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class FloatOps : public testing::TestWithParam<Case> {};

TEST_P(FloatOps, RunInLiteRt) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  GraphMaker make(3);
  make.output(GetParam().build(make));
  const auto inputs = random_inputs(make.graph(), 9, GetParam().low, GetParam().high);
  EXPECT_LE(float_difference(make.graph(), inputs), 2e-5f);
}

// An op of one image.
Case of_image(const std::string& name, const Op& op, float low = -2, float high = 2) {
  return {name, [op](GraphMaker& make) { return make.real(op, {make.float_input(kImage)}); }, low,
          high};
}

// An op of one image and constants of the given shapes.
Case with_constants(const std::string& name, const Op& op, const std::vector<Shape>& shapes,
                    float low = -1) {
  return {name, [op, shapes, low](GraphMaker& make) {
            std::vector<TensorId> inputs{make.float_input(kImage)};
            for (const Shape& shape : shapes) inputs.push_back(make.floats(shape, low));
            return make.real(op, inputs);
          }};
}

Conv2D conv(int64_t stride, const Padding& padding, int64_t dilation = 1, int64_t groups = 1,
            Activation activation = Activation::kNone) {
  return {stride, stride, dilation, dilation, padding, groups, activation};
}

INSTANTIATE_TEST_SUITE_P(
    Layers, FloatOps,
    testing::Values(
        with_constants("ConvSame", conv(1, {1, 1, 1, 1}), {{4, 3, 3, 6}, {4}}),
        with_constants("ConvSameOfStrideTwo", conv(2, {1, 1, 1, 1}), {{4, 3, 3, 6}, {4}}),
        with_constants("ConvPaddedInFrontOnly", conv(2, {1, 0, 1, 0}), {{4, 3, 3, 6}, {4}}),
        with_constants("ConvPaddedUnevenly", conv(1, {0, 2, 3, 0}), {{4, 3, 3, 6}, {4}}),
        with_constants("ConvDilated", conv(1, {2, 2, 2, 2}, 2), {{4, 3, 3, 6}, {4}}),
        with_constants("ConvGrouped", conv(1, {1, 1, 1, 1}, 1, 3), {{6, 3, 3, 2}, {6}}),
        with_constants("ConvWithoutBias", conv(1, {}), {{4, 1, 1, 6}}),
        with_constants("ConvRelu", conv(1, {}, 1, 1, Activation::kRelu), {{4, 1, 1, 6}, {4}}),
        with_constants("ConvRelu6", conv(1, {}, 1, 1, Activation::kRelu6), {{4, 5, 5, 6}, {4}}),
        with_constants("ConvPRelu", conv(1, {}, 1, 1, Activation::kPRelu),
                       {{4, 1, 1, 6}, {4}, {4}}),
        with_constants("Depthwise", DepthwiseConv2D{1, 1, 1, 1, {1, 1, 1, 1}, Activation::kNone},
                       {{1, 3, 3, 6}, {6}}),
        with_constants("DepthwiseTwice",
                       DepthwiseConv2D{2, 2, 1, 1, {0, 1, 0, 1}, Activation::kRelu},
                       {{1, 3, 3, 12}, {12}}),
        with_constants("DepthwiseWholeImage", DepthwiseConv2D{1, 1, 1, 1, {}, Activation::kPRelu},
                       {{1, 7, 9, 6}, {6}, {6}}),
        with_constants("DepthwiseDilated", DepthwiseConv2D{1, 1, 2, 2, {2, 2, 2, 2}, {}},
                       {{1, 3, 3, 6}, {6}}),
        with_constants("FullyConnectedOfFourDimensions", FullyConnected{}, {{5, 6}, {5}}),
        with_constants("FullyConnectedPRelu", FullyConnected{Activation::kPRelu},
                       {{5, 6}, {5}, {5}}),
        with_constants("MatMul", MatMul{}, {{6, 4}}),
        with_constants("BatchNorm", BatchNorm{1e-3f, 3}, {{6}, {6}, {6}, {6}}, 0.1f),
        with_constants("BatchNormAlongRows", BatchNorm{1e-3f, 1}, {{7}, {7}, {7}, {7}}, 0.1f),
        of_image("MaxPoolSame", Pool2D{PoolKind::kMax, 3, 3, 2, 2, {1, 1, 1, 1}, false}),
        of_image("MaxPoolPaddedUnevenly", Pool2D{PoolKind::kMax, 3, 2, 1, 1, {2, 0, 1, 0}, false},
                 -9, -5),
        of_image("AveragePoolSame", Pool2D{PoolKind::kAverage, 3, 3, 2, 2, {1, 1, 1, 1}, false}),
        of_image("AveragePoolCountingItsPadding",
                 Pool2D{PoolKind::kAverage, 3, 3, 2, 2, {1, 1, 1, 1}, true}),
        of_image("LinearResizeHalfPixel",
                 Resize{ResizeMode::kLinear, ResizeCoordinates::kHalfPixel, 14, 5}),
        of_image("LinearResizeAlignCorners",
                 Resize{ResizeMode::kLinear, ResizeCoordinates::kAlignCorners, 14, 5}),
        of_image("LinearResizeAsymmetric",
                 Resize{ResizeMode::kLinear, ResizeCoordinates::kAsymmetric, 14, 27}),
        of_image("NearestResizeDoubled",
                 Resize{ResizeMode::kNearest, ResizeCoordinates::kHalfPixel, 14, 18, false}),
        of_image("NearestResizeAsymmetric",
                 Resize{ResizeMode::kNearest, ResizeCoordinates::kAsymmetric, 10, 4, true})),
    [](const auto& parameter) { return parameter.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Elementwise, FloatOps,
    testing::Values(
        with_constants("Add", Binary{BinaryKind::kAdd, Activation::kRelu6}, {{6}}),
        with_constants("Sub", Binary{BinaryKind::kSub, Activation::kRelu}, {{1, 9, 1}}),
        with_constants("Mul", Binary{BinaryKind::kMul}, {{1, 7, 9, 6}}),
        with_constants("Div", Binary{BinaryKind::kDiv}, {{6}}, 0.5f),
        with_constants("Maximum", Binary{BinaryKind::kMaximum, Activation::kRelu}, {{6}}),
        with_constants("Minimum", Binary{BinaryKind::kMinimum}, {{6}}),
        with_constants("Less", Binary{BinaryKind::kLess}, {{6}}),
        with_constants("GreaterOrEqual", Binary{BinaryKind::kGreaterOrEqual}, {{1, 9, 1}}),
        Case{"Pow",
             [](GraphMaker& make) {
               return make.real(Binary{BinaryKind::kPow},
                                {make.float_input(kImage), make.float_values({1}, {1.7f})});
             },
             0.1f, 2},
        of_image("Relu", Unary{UnaryKind::kRelu}),
        of_image("Relu6", Unary{UnaryKind::kRelu6}, -9, 9), of_image("Abs", Unary{UnaryKind::kAbs}),
        of_image("Neg", Unary{UnaryKind::kNeg}), of_image("Sqrt", Unary{UnaryKind::kSqrt}, 0.1f),
        of_image("Rsqrt", Unary{UnaryKind::kRsqrt}, 0.1f), of_image("Exp", Unary{UnaryKind::kExp}),
        of_image("Log", Unary{UnaryKind::kLog}, 0.1f),
        of_image("Sigmoid", Unary{UnaryKind::kSigmoid}), of_image("Tanh", Unary{UnaryKind::kTanh}),
        of_image("HardSwish", Unary{UnaryKind::kHardSwish}, -5, 5),
        of_image("Floor", Unary{UnaryKind::kFloor}), of_image("Ceil", Unary{UnaryKind::kCeil}),
        of_image("LeakyRelu", LeakyRelu{0.3f}), of_image("Clip", Clip{-0.5f, 1.5f}),
        of_image("ClipAtOne", Clip{-1, 1}), of_image("ClipToSix", Clip{0, 6}, -2, 9),
        of_image("ClipAbove", Clip{-kInfinity, 0.5f}),
        of_image("ClipBelow", Clip{0.25f, kInfinity}),
        of_image("ClipNothing", Clip{-kInfinity, kInfinity}),
        of_image("HardSigmoid", HardSigmoid{0.2f, 0.5f}, -4, 4),
        with_constants("PRelu", PRelu{}, {{6}}), of_image("Softmax", Softmax{3}),
        of_image("L2Normalize", L2Normalize{3, 1e-12f}),
        of_image("Mean", Reduce{ReduceKind::kMean, {1, 2}, true}),
        of_image("Sum", Reduce{ReduceKind::kSum, {3}, false}),
        of_image("ReduceMax", Reduce{ReduceKind::kMax, {0, 3}, false}),
        of_image("ReduceMin", Reduce{ReduceKind::kMin, {1}, true}),
        of_image("SumSquare", Reduce{ReduceKind::kSumSquare, {3}, true}),
        of_image("L2", Reduce{ReduceKind::kL2, {3}, true}),
        of_image("ReduceNothing", Reduce{ReduceKind::kMean, {}, true})),
    [](const auto& parameter) { return parameter.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Movement, FloatOps,
    testing::Values(
        of_image("Pad", Pad{{0, 1, 2, 0}, {0, 0, 1, 3}, 0}),
        of_image("PadWithAValue", Pad{{1, 1, 2, 0}, {0, 0, 1, 3}, -1.5f}),
        of_image("Reshape", Reshape{{7, 54}}), of_image("Transpose", Transpose{{0, 3, 1, 2}}),
        of_image("Broadcast", Broadcast{{3, 7, 9, 6}}), of_image("Tile", Tile{{2, 1, 3, 1}}),
        of_image("Slice", Slice{{0, 1, 2, 0}, {1, 5, 9, 3}, {1, 1, 1, 1}}),
        of_image("SliceBackwards", Slice{{0, 6, 8, 0}, {1, -1, 1, 6}, {1, -1, -3, 2}}),
        of_image("Identity", Identity{}),
        Case{"ToAScalar",
             [](GraphMaker& make) {
               return make.real(Reshape{{}}, {make.float_input({1, 1})});
             }},
        Case{"SpaceToDepth",
             [](GraphMaker& make) {
               return make.real(SpaceToDepth{2}, {make.float_input({1, 6, 4, 3})});
             }},
        Case{"DepthToSpace",
             [](GraphMaker& make) {
               return make.real(DepthToSpace{2, false}, {make.float_input({1, 3, 4, 12})});
             }},
        Case{"DepthToSpaceInColumnOrder",
             [](GraphMaker& make) {
               return make.real(DepthToSpace{2, true}, {make.float_input({1, 3, 4, 12})});
             }},
        Case{"Concat",
             [](GraphMaker& make) {
               return make.real(Concat{2},
                                {make.float_input({1, 2, 3, 4}), make.float_input({1, 2, 5, 4})});
             }},
        Case{"Gather",
             [](GraphMaker& make) {
               const std::vector<int32_t> indices{4, 0, 3};
               const TensorId at = make.graph().add_constant<int32_t>("indices", {3}, indices);
               return make.real(Gather{1}, {make.float_input(kImage), at});
             }}),
    [](const auto& parameter) { return parameter.param.name; });

TEST(FloatExport, SplitsIntoEqualAndUnequalParts) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  for (const std::vector<int64_t>& sizes :
       {std::vector<int64_t>{3, 3}, std::vector<int64_t>{1, 3, 2}}) {
    GraphMaker make;
    Graph& graph = make.graph();
    const TensorId x = make.float_input(kImage);
    std::vector<TensorId> parts;
    for (size_t i = 0; i < sizes.size(); ++i) {
      parts.push_back(graph.add_tensor(absl::StrCat("part", i), DataType::kFloat32, {}));
    }
    const NodeId split = graph.add_node(Split{3, sizes}, "split", {x}, parts);
    ASSERT_TRUE(infer_shapes(graph, split).ok());
    for (const TensorId part : parts) make.output(part);
    EXPECT_EQ(float_difference(graph, random_inputs(graph, 4)), 0);
  }
}

TEST(FloatExport, AFloatIslandInAnInt8GraphStaysFloat) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  GraphMaker make;
  const QuantParams quant = per_tensor(1.0f / 64, 0);
  const TensorId x = make.int8_input(kImage, quant);
  const TensorId real = make.real(Unary{UnaryKind::kFloor}, {make.real(Dequantize{}, {x})});
  make.output(make.int8(Quantize{}, {real}, quant));
  const Agreement agreement = int8_agreement(make.graph(), random_inputs(make.graph(), 4));
  EXPECT_EQ(agreement.equal, agreement.elements);
}

}  // namespace
}  // namespace durward
