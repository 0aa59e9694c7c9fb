// INT8 exports in LiteRT against the interpreter: at most one step apart, nearly all equal.
#include <gtest/gtest.h>

#include <functional>

#include "formats/tflite/agreement.h"
#include "passes/passes.h"

namespace durward {
namespace {

const QuantParams kInput = per_tensor(1.0f / 64, -3);
const QuantParams kOutput = per_tensor(0.05f, 7);

class Int8Layers : public testing::Test {
 protected:
  void SetUp() override {
    if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  }
  void expect_close(const Agreement& agreement) {
    EXPECT_GT(agreement.elements, 0);
    EXPECT_LE(agreement.largest, 1);
    EXPECT_GE(agreement.share(), 0.999);
    RecordProperty("equal", absl::StrCat(agreement.equal, " of ", agreement.elements));
    std::cout << "  equal: " << agreement.equal << " of " << agreement.elements
              << ", largest difference " << agreement.largest << "\n";
  }
};

int64_t between(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low + 1)));
}

Padding random_padding(Random& random, int64_t kernel) {
  const auto side = [&] { return between(random, 0, kernel / 2); };
  return {side(), side(), side(), side()};
}

TEST_F(Int8Layers, Conv2DOfRandomShapes) {
  Agreement all;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    GraphMaker make(seed);
    const int64_t kernel = between(random, 1, 5), channels = between(random, 1, 24);
    Conv2D conv;
    conv.groups = channels % 2 == 0 && random.below(4) == 0 ? 2 : 1;
    const int64_t outputs = conv.groups * between(random, 1, 20);
    conv.stride_h = between(random, 1, 2);
    conv.stride_w = between(random, 1, 3);
    conv.dilation_h = conv.dilation_w =
        conv.stride_h == 1 && conv.stride_w == 1 ? between(random, 1, 2) : 1;
    conv.padding = random_padding(random, kernel);
    conv.activation = static_cast<Activation>(random.below(3));
    const TensorId x =
        make.int8_input({1, between(random, 9, 17), between(random, 9, 17), channels}, kInput);
    const TensorId weights =
        make.int8_weights({outputs, kernel, kernel, channels / conv.groups}, 0, 0.002f);
    std::vector<TensorId> inputs{x, weights};
    if (random.below(4) != 0) inputs.push_back(make.int32_bias(x, weights, 4000));
    make.output(make.int8(conv, inputs, kOutput));
    all.add(int8_agreement(make.graph(), random_inputs(make.graph(), seed, -2, 2)));
  }
  expect_close(all);
}

TEST_F(Int8Layers, DepthwiseConv2DOfRandomShapes) {
  Agreement all;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    GraphMaker make(seed);
    const int64_t kernel = between(random, 1, 7), channels = between(random, 1, 40);
    const int64_t multiplier = random.below(4) == 0 ? 2 : 1;
    DepthwiseConv2D conv;
    conv.stride_h = conv.stride_w = between(random, 1, 2);
    conv.padding = random_padding(random, kernel);
    conv.activation = static_cast<Activation>(random.below(3));
    const TensorId x =
        make.int8_input({1, between(random, 7, 15), between(random, 7, 15), channels}, kInput);
    const TensorId weights =
        make.int8_weights({1, kernel, kernel, channels * multiplier}, 3, 0.004f);
    make.output(make.int8(conv, {x, weights, make.int32_bias(x, weights, 4000)}, kOutput));
    all.add(int8_agreement(make.graph(), random_inputs(make.graph(), seed, -2, 2)));
  }
  expect_close(all);
}

TEST_F(Int8Layers, FullyConnectedOfRandomShapesAndRanks) {
  Agreement all;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    GraphMaker make(seed);
    const int64_t length = between(random, 1, 200), outputs = between(random, 1, 60);
    Shape shape{between(random, 1, 3), length};
    if (random.below(2) == 0) shape.insert(shape.begin(), between(random, 1, 3));
    const TensorId x = make.int8_input(shape, kInput);
    const TensorId weights = make.int8_weights({outputs, length}, 0, 0.002f);
    FullyConnected layer;
    layer.activation = static_cast<Activation>(random.below(3));
    make.output(make.int8(layer, {x, weights, make.int32_bias(x, weights, 4000)}, kOutput));
    all.add(int8_agreement(make.graph(), random_inputs(make.graph(), seed, -2, 2)));
  }
  expect_close(all);
}

TEST_F(Int8Layers, AddOfRandomShapesAndScales) {
  Agreement all;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    GraphMaker make(seed);
    const int64_t channels = between(random, 1, 64);
    const TensorId a = make.int8_input({1, 7, 7, channels}, kInput);
    const TensorId b = make.int8_input(
        {1, 7, 7, channels}, per_tensor(static_cast<float>(0.005 + 0.02 * random.uniform()), 11));
    const Binary add{BinaryKind::kAdd, static_cast<Activation>(random.below(3))};
    make.output(make.int8(add, {a, b}, kOutput));
    all.add(int8_agreement(make.graph(), random_inputs(make.graph(), seed, -2, 2)));
  }
  EXPECT_LE(all.largest, 1);
  EXPECT_GE(all.share(), 0.99);
  std::cout << "  equal: " << all.equal << " of " << all.elements << "\n";
}

// Slopes above 1 before a pooling, which no layer can take into its weights.
TEST_F(Int8Layers, PReluOfAnySlopeBeforeAPoolingIsEqual) {
  Agreement all;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    GraphMaker make(seed);
    const TensorId x = make.int8_input({1, 13, 12, 3}, kInput);
    const TensorId weights = make.int8_weights({10, 3, 3, 3}, 0, 0.003f);
    const TensorId layer = make.int8(
        Conv2D{.activation = Activation::kPRelu},
        {x, weights, make.int32_bias(x, weights, 4000), make.floats({10}, -2, 4)}, kOutput);
    const Pool2D pool{.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2};
    make.output(make.int8(pool, {layer}, kOutput));
    const auto inputs = random_inputs(make.graph(), seed, -2, 2);
    const auto fused = interpret(make.graph(), inputs);
    ASSERT_TRUE(fused.ok()) << fused.status();
    ASSERT_TRUE(write_prelu_as_extrema(make.graph()));
    const auto written = interpret(make.graph(), inputs);
    ASSERT_TRUE(written.ok()) << written.status();
    EXPECT_EQ(*fused, *written);
    all.add(int8_agreement(make.graph(), inputs));
  }
  EXPECT_GT(all.elements, 0);
  EXPECT_EQ(all.equal, all.elements);
}

// Every other op that has an int8 form.
struct Case {
  std::string name;
  std::function<TensorId(GraphMaker&)> build;
  double equal = 0.999;  // the least share of equal elements
  int64_t steps = 1;
  float low = -2, high = 2;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class Int8Ops : public testing::TestWithParam<Case> {};

TEST_P(Int8Ops, RunInLiteRt) {
  if (!litert_available()) GTEST_SKIP() << "needs LiteRT";
  GraphMaker make(3);
  make.output(GetParam().build(make));
  const Agreement agreement =
      int8_agreement(make.graph(), random_inputs(make.graph(), 9, GetParam().low, GetParam().high));
  EXPECT_GT(agreement.elements, 0);
  EXPECT_LE(agreement.largest, GetParam().steps);
  EXPECT_GE(agreement.share(), GetParam().equal);
}

const Shape kImage{1, 6, 8, 5};

Case unary(const std::string& name, UnaryKind kind, const QuantParams& out, double equal,
           float low = -2) {
  return {name,
          [kind, out](GraphMaker& make) {
            return make.int8(Unary{kind}, {make.int8_input(kImage, kInput)}, out);
          },
          equal, 1, low};
}

Case moving(const std::string& name, const Op& op, const QuantParams& out = kInput) {
  return {
      name,
      [op, out](GraphMaker& make) { return make.int8(op, {make.int8_input(kImage, kInput)}, out); },
      1.0, 0};
}

Case binary(const std::string& name, BinaryKind kind, const QuantParams& out, double equal) {
  return {name,
          [kind, out](GraphMaker& make) {
            const TensorId a = make.int8_input(kImage, kInput);
            const TensorId b = make.int8_constant(
                {1, 1, 1, 5}, kind == BinaryKind::kMaximum || kind == BinaryKind::kMinimum
                                  ? out
                                  : per_tensor(0.01f, 4));
            return make.int8(Binary{kind}, {a, b}, out);
          },
          equal};
}

const QuantParams kUnit = per_tensor(1.0f / 256, -128);
const QuantParams kSignedUnit = per_tensor(1.0f / 128, 0);

INSTANTIATE_TEST_SUITE_P(
    Formats, Int8Ops,
    testing::Values(
        unary("Relu", UnaryKind::kRelu, per_tensor(1.0f / 60, -128), 0.99),
        unary("Relu6", UnaryKind::kRelu6, per_tensor(1.0f / 60, -128), 0.99),
        unary("Abs", UnaryKind::kAbs, per_tensor(1.0f / 60, -128), 0.97),
        unary("Sigmoid", UnaryKind::kSigmoid, kUnit, 0.95),
        unary("SigmoidInOtherScale", UnaryKind::kSigmoid, per_tensor(0.01f, -100), 0.8),
        unary("Tanh", UnaryKind::kTanh, kSignedUnit, 0.95),
        unary("HardSwish", UnaryKind::kHardSwish, per_tensor(1.0f / 60, -60), 0.9),
        unary("Exp", UnaryKind::kExp, per_tensor(0.03f, -128), 0.95),
        unary("Log", UnaryKind::kLog, per_tensor(0.02f, 0), 0.9, 0.1f),
        unary("Rsqrt", UnaryKind::kRsqrt, per_tensor(0.03f, -128), 0.9, 0.1f),
        binary("Sub", BinaryKind::kSub, kOutput, 0.99),
        binary("Mul", BinaryKind::kMul, kOutput, 0.99),
        binary("Maximum", BinaryKind::kMaximum, kInput, 1.0),
        binary("Minimum", BinaryKind::kMinimum, kInput, 1.0),
        Case{"LeakyRelu", [](GraphMaker& make) {
               return make.int8(LeakyRelu{0.2f}, {make.int8_input(kImage, kInput)}, kOutput);
             }, 0.95},
        Case{"PRelu", [](GraphMaker& make) {
               const TensorId slope = make.floats({5}, -0.3f, 0.6f);
               return make.int8(PRelu{}, {make.int8_input(kImage, kInput), slope}, kOutput);
             }, 0.8},
        Case{"Clip", [](GraphMaker& make) {
               return make.int8(Clip{-0.5f, 1.25f}, {make.int8_input(kImage, kInput)}, kInput);
             }, 1.0, 0},
        Case{"Softmax", [](GraphMaker& make) {
               return make.int8(Softmax{3}, {make.int8_input(kImage, kInput)}, kUnit);
             }, 0.9},
        Case{"L2Normalize", [](GraphMaker& make) {
               return make.int8(L2Normalize{1, 1e-12f}, {make.int8_input({1, 128}, kInput)},
                                kSignedUnit);
             }, 0.9},
        Case{"L2NormalizeInOtherScale", [](GraphMaker& make) {
               return make.int8(L2Normalize{1, 1e-12f}, {make.int8_input({1, 128}, kInput)},
                                per_tensor(1.0f / 300, 5));
             }, 0.3, 2},
        Case{"Mean", [](GraphMaker& make) {
               return make.int8(Reduce{ReduceKind::kMean, {1, 2}, true},
                                {make.int8_input(kImage, kInput)}, per_tensor(0.01f, 3));
             }, 0.8},
        Case{"Sum", [](GraphMaker& make) {
               return make.int8(Reduce{ReduceKind::kSum, {3}, false},
                                {make.int8_input(kImage, kInput)}, kOutput);
             }, 0.85},
        moving("ReduceMax", Reduce{ReduceKind::kMax, {1, 2}, true}),
        moving("ReduceMin", Reduce{ReduceKind::kMin, {3}, false}),
        moving("MaxPool", Pool2D{PoolKind::kMax, 3, 3, 2, 2, {0, 1, 0, 1}, false}),
        moving("MaxPoolWithPaddingInFront",
               Pool2D{PoolKind::kMax, 3, 3, 2, 2, {1, 1, 1, 1}, false}),
        Case{"AveragePool", [](GraphMaker& make) {
               return make.int8(Pool2D{PoolKind::kAverage, 2, 2, 2, 2, {}, false},
                                {make.int8_input(kImage, kInput)}, kInput);
             }, 0.8},
        Case{"AveragePoolOfTheWholeImage",
             [](GraphMaker& make) {
               return make.int8(Pool2D{PoolKind::kAverage, 6, 8, 1, 1, {}, false},
                                {make.int8_input(kImage, kInput)}, per_tensor(0.01f, 3));
             },
             0.8},
        Case{"AveragePoolCountingItsPadding", [](GraphMaker& make) {
               return make.int8(Pool2D{PoolKind::kAverage, 3, 3, 2, 2, {1, 1, 1, 1}, true},
                                {make.int8_input(kImage, kInput)}, kInput);
             }, 0.8},
        Case{"AveragePoolIntoAnotherScale", [](GraphMaker& make) {
               return make.int8(Pool2D{PoolKind::kAverage, 2, 2, 2, 2, {}, false},
                                {make.int8_input(kImage, kInput)}, kOutput);
             }, 0.8},
        moving("Pad", Pad{{0, 1, 2, 0}, {0, 0, 1, 1}, 0}),
        moving("PadWithAValue", Pad{{0, 1, 2, 0}, {0, 0, 1, 1}, 0.5f}),
        moving("Reshape", Reshape{{6, 40}}), moving("Transpose", Transpose{{0, 3, 1, 2}}),
        moving("Slice", Slice{{0, 1, 2, 0}, {1, 5, 8, 5}, {1, 1, 1, 1}}),
        moving("SliceWithSteps", Slice{{0, 5, 0, 0}, {1, -1, 8, 5}, {1, -2, 3, 1}}),
        moving("Tile", Tile{{1, 2, 1, 3}}), moving("Broadcast", Broadcast{{2, 6, 8, 5}}),
        moving("SpaceToDepth", SpaceToDepth{2}),
        moving("NearestResize",
               Resize{ResizeMode::kNearest, ResizeCoordinates::kAsymmetric, 12, 16, true}),
        Case{"LinearResize", [](GraphMaker& make) {
               return make.int8(Resize{ResizeMode::kLinear, ResizeCoordinates::kHalfPixel, 9, 5},
                                {make.int8_input(kImage, kInput)}, kInput);
             }, 0.9},
        Case{"DepthToSpace", [](GraphMaker& make) {
               return make.int8(DepthToSpace{2, false}, {make.int8_input({1, 3, 4, 12}, kInput)},
                                kInput);
             }, 1.0, 0},
        Case{"DepthToSpaceInColumnOrder", [](GraphMaker& make) {
               return make.int8(DepthToSpace{2, true}, {make.int8_input({1, 3, 4, 12}, kInput)},
                                kInput);
             }, 1.0, 0},
        Case{"Concat", [](GraphMaker& make) {
               return make.int8(Concat{3}, {make.int8_input(kImage, kInput),
                                            make.int8_input(kImage, kInput)}, kInput);
             }, 1.0, 0},
        Case{"ConcatOfDifferentScales", [](GraphMaker& make) {
               return make.int8(Concat{3}, {make.int8_input(kImage, kInput),
                                            make.int8_input(kImage, kOutput)}, kOutput);
             }, 0.97},
        Case{"AChangeOfScale", [](GraphMaker& make) {
               const TensorId real = make.real(Dequantize{}, {make.int8_input(kImage, kInput)});
               return make.int8(Quantize{}, {real}, kOutput);
             }, 0.95}),
    [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace durward
