// BatchNorm and Mul, Add, Sub, Div by constants folding into the layers around them.
#include "passes/evaluate.h"
#include "passes/passes.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

void simplified(Graph& graph) {
  const absl::Status status = simplify(graph);
  EXPECT_TRUE(status.ok()) << status;
}

struct Layer {
  const char* name;
  Op op;
  Shape input, weights;
};

void PrintTo(const Layer& layer, std::ostream* out) { *out << layer.name; }

class AroundLayer : public ::testing::TestWithParam<Layer> {
 protected:
  TensorId layer(TensorId x, bool bias) {
    const auto& [name, op, input, weights] = GetParam();
    std::vector<TensorId> inputs{x, b_.random(weights)};
    if (bias) inputs.push_back(b_.random({outputs()}));
    return b_.add(op, inputs);
  }
  int64_t outputs() const {
    const Shape& weights = GetParam().weights;
    return std::holds_alternative<DepthwiseConv2D>(GetParam().op) ? weights[3] : weights[0];
  }
  GraphBuilder b_;
};

TEST_P(AroundLayer, ABatchNormAfterItFolds) {
  for (const bool bias : {false, true}) {
    b_ = GraphBuilder();
    b_.output(b_.batch_norm(layer(b_.input(GetParam().input), bias), outputs()));
    EXPECT_EQ(ops_after(b_, fold_affines_into_previous_layers).size(), 1u);
  }
}

TEST_P(AroundLayer, AChainOfArithmeticAfterItFolds) {
  TensorId x = layer(b_.input(GetParam().input), true);
  x = b_.binary(BinaryKind::kMul, x, b_.random({outputs()}));
  x = b_.binary(BinaryKind::kAdd, b_.random({1, outputs()}), x);
  x = b_.binary(BinaryKind::kDiv, x, b_.random({outputs()}, 1, 2));
  x = b_.binary(BinaryKind::kSub, b_.scalar(3), x);
  b_.output(b_.unary(UnaryKind::kNeg, x));
  EXPECT_EQ(ops_after(b_, simplified).size(), 1u);
}

TEST_P(AroundLayer, ABatchNormBeforeItFolds) {
  const int64_t channels = GetParam().input.back();
  b_.output(layer(b_.batch_norm(b_.input(GetParam().input), channels), true));
  EXPECT_EQ(ops_after(b_, fold_affines_into_next_layers).size(), 1u);
}

TEST_P(AroundLayer, NothingFoldsIntoALayerThatOthersUse) {
  const TensorId y = layer(b_.input(GetParam().input), true);
  b_.output(b_.batch_norm(y, outputs()));
  b_.output(b_.unary(UnaryKind::kTanh, y));
  EXPECT_FALSE(fold_affines_into_previous_layers(b_.graph));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, AroundLayer,
    ::testing::Values(
        Layer{"Conv2D", Conv2D{.stride_h = 2}, {1, 7, 6, 4}, {6, 3, 2, 4}},
        Layer{"GroupedConv2D", Conv2D{.groups = 2}, {1, 5, 5, 4}, {6, 3, 3, 2}},
        Layer{"DepthwiseConv2D", DepthwiseConv2D{.dilation_w = 2}, {2, 6, 6, 3}, {1, 3, 3, 6}},
        Layer{"FullyConnected", FullyConnected{}, {3, 8}, {5, 8}}),
    ::testing::PrintToStringParamName());

// MobileFaceNet's own input normalisation, (x - 127.5) / 128, before a padded convolution.
TEST(BeforePadding, OneShiftForAllChannelsBecomesAPad) {
  GraphBuilder b;
  TensorId x = b.input({1, 9, 9, 3});
  x = b.binary(BinaryKind::kSub, x, b.scalar(127.5f));
  x = b.binary(BinaryKind::kMul, x, b.scalar(0.0078125f));
  b.output(b.add(Conv2D{.stride_h = 2, .stride_w = 2, .padding = {1, 1, 1, 1}},
                 {x, b.random({4, 3, 3, 3})}));
  EXPECT_THAT(ops_after(b, simplified), ElementsAre("Pad", "Conv2D"));
  const NodeId pad = b.graph.topological_order()[0];
  EXPECT_EQ(b.graph.op_as<Pad>(pad)->value, 127.5f);
}

TEST(BeforePadding, AScaleAloneFolds) {
  GraphBuilder b;
  const TensorId x = b.binary(BinaryKind::kDiv, b.input({1, 6, 6, 3}), b.scalar(255));
  b.output(b.add(Conv2D{.padding = {1, 1, 1, 1}}, {x, b.random({4, 3, 3, 3})}));
  EXPECT_THAT(ops_after(b, simplified), ElementsAre("Conv2D"));
}

// ImageNet's means and deviations, one per channel: no one value could pad them.
TEST(BeforePadding, AShiftPerChannelStaysAsOneAdd) {
  GraphBuilder b;
  TensorId x = b.binary(BinaryKind::kDiv, b.input({1, 6, 6, 3}), b.scalar(255));
  x = b.binary(BinaryKind::kSub, x, b.constant({3}, {0.485f, 0.456f, 0.406f}));
  x = b.binary(BinaryKind::kDiv, x, b.constant({3}, {0.229f, 0.224f, 0.225f}));
  b.output(b.add(DepthwiseConv2D{.padding = {1, 1, 1, 1}}, {x, b.random({1, 3, 3, 3})}));
  EXPECT_THAT(ops_after(b, simplified), ElementsAre("Add", "DepthwiseConv2D"));
}

TEST(BeforePadding, AScaleOfZeroStays) {
  GraphBuilder b;
  const TensorId x = b.input({1, 6, 6, 2});
  const TensorId y = b.add(
      BatchNorm{}, {x, b.constant({2}, {0, 1}), b.random({2}), b.random({2}), b.random({2}, 1, 2)});
  b.output(b.add(Conv2D{.padding = {1, 0, 0, 0}}, {y, b.random({4, 3, 3, 2})}));
  EXPECT_THAT(ops_after(b, simplified), ElementsAre("DepthwiseConv2D", "Conv2D"));
}

TEST(Affine, ABatchNormBehindAFlattenMeetsTheConvolution) {
  GraphBuilder b;
  TensorId x = b.add(Conv2D{}, {b.input({1, 1, 1, 8}), b.random({5, 1, 1, 8})});
  x = b.add(Reshape{{1, 5}}, {x});
  b.output(b.batch_norm(x, 5));
  EXPECT_THAT(ops_after(b, simplified), ElementsAre("Reshape", "FullyConnected"));
}

TEST(Affine, ABatchNormThatStaysBecomesADepthwiseConvolutionOrMulAndAdd) {
  GraphBuilder image;
  image.output(
      image.unary(UnaryKind::kTanh,
                  image.batch_norm(image.unary(UnaryKind::kExp, image.input({1, 3, 3, 4})), 4)));
  EXPECT_THAT(ops_after(image, simplified), ElementsAre("Exp", "DepthwiseConv2D", "Tanh"));
  GraphBuilder vector;
  vector.output(vector.batch_norm(vector.unary(UnaryKind::kExp, vector.input({2, 4})), 4));
  EXPECT_THAT(ops_after(vector, simplified), ElementsAre("Exp", "Mul", "Add"));
}

TEST(Affine, AChainMergesIntoMulAndAdd) {
  GraphBuilder b;
  TensorId x = b.unary(UnaryKind::kExp, b.input({2, 4}));
  x = b.binary(BinaryKind::kSub, x, b.scalar(3));
  x = b.binary(BinaryKind::kMul, x, b.random({4}));
  x = b.binary(BinaryKind::kAdd, x, b.random({4}));
  x = b.binary(BinaryKind::kDiv, x, b.scalar(2));
  b.output(b.unary(UnaryKind::kTanh, x));
  EXPECT_THAT(ops_after(b, merge_affines), ElementsAre("Exp", "Mul", "Add", "Tanh"));
}

TEST(Affine, AnActivationInBetweenKeepsThemApart) {
  GraphBuilder b;
  const TensorId x = b.add(Conv2D{.activation = Activation::kRelu},
                           {b.input({1, 2, 2, 3}), b.random({4, 1, 1, 3}), b.random({4})});
  b.output(b.batch_norm(x, 4));
  EXPECT_FALSE(fold_affines_into_previous_layers(b.graph));
}

TEST(Affine, WeightsThatTwoLayersShareAreNotChangedForBoth) {
  GraphBuilder b;
  const TensorId weights = b.random({4, 1, 1, 4});
  const TensorId x = b.input({1, 2, 2, 4});
  b.output(b.batch_norm(b.add(Conv2D{}, {x, weights}), 4));
  b.output(b.add(Conv2D{}, {x, weights}));
  EXPECT_THAT(ops_after(b, fold_affines_into_previous_layers), ElementsAre("Conv2D", "Conv2D"));
}

// Weights of a QDQ model are integers behind a Dequantize: scaling them is not ours to do.
TEST(Affine, WeightsBehindADequantizeStay) {
  GraphBuilder b;
  const std::vector<int8_t> integers{1, -2, 3, 4};
  const TensorId q = b.graph.add_constant<int8_t>("q", {4, 1, 1, 1}, integers);
  b.graph.mutable_tensor(q).quant = QuantParams{{0.5f}, {0}, -1};
  const TensorId weights = b.add(Dequantize{}, {q});
  TensorId x = b.add(Quantize{}, {b.input({1, 2, 2, 1})});
  b.graph.mutable_tensor(x).quant = QuantParams{{0.01f}, {3}, -1};
  x = b.add(Conv2D{}, {b.add(Dequantize{}, {x}), weights});
  b.output(b.binary(BinaryKind::kMul, x, b.scalar(2)));
  EXPECT_THAT(ops_after(b, simplified, 0),
              ElementsAre("Dequantize", "Quantize", "Dequantize", "Conv2D", "Mul"));
}

}  // namespace
}  // namespace durward
