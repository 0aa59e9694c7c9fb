// The forms of layers that suit a runtime: a PReLU of its own, an int8 PReLU as extrema, a global
// depthwise convolution in two.
#include <algorithm>
#include <cmath>

#include "passes/evaluate.h"
#include "passes/passes.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

TEST(UnfusePrelu, GivesBackWhatFusingTook) {
  GraphBuilder b;
  TensorId x = b.input({1, 6, 6, 3});
  x = b.add(Conv2D{.activation = Activation::kPRelu},
            {x, b.random({4, 3, 3, 3}), b.random({4}), b.random({4}, -1, 2)});
  x = b.add(DepthwiseConv2D{.activation = Activation::kPRelu},
            {x, b.random({1, 4, 4, 4}), b.random({4}), b.random({4}, -1, 2)});
  x = b.add(Reshape{{1, 4}}, {x});
  b.output(b.add(FullyConnected{.activation = Activation::kPRelu},
                 {x, b.random({5, 4}), b.random({5}), b.random({5}, -1, 2)}));
  EXPECT_THAT(ops_after(b, unfuse_prelu, 0),
              ElementsAre("Conv2D", "PRelu", "DepthwiseConv2D", "PRelu", "Reshape",
                          "FullyConnected", "PRelu"));
  EXPECT_THAT(ops_after(b, fuse_activations, 0),
              ElementsAre("Conv2D", "DepthwiseConv2D", "Reshape", "FullyConnected"));
}

TEST(UnfusePrelu, LeavesOtherActivations) {
  GraphBuilder b;
  b.output(b.add(Conv2D{.activation = Activation::kRelu},
                 {b.input({1, 3, 3, 2}), b.random({4, 1, 1, 2}), b.random({4})}));
  EXPECT_FALSE(unfuse_prelu(b.graph));
}

constexpr int64_t kChannels = 24;

// One int8 layer of random weights and scales with a fused PRelu, between Quantize and Dequantize.
class Int8Layer {
 public:
  explicit Int8Layer(uint64_t seed) : random_(seed) {}

  // Of kChannels output channels; `axis` is that of the weights.
  GraphBuilder build(Op op, Shape input, Shape weights, int axis,
                     const std::vector<float>& slopes) {
    GraphBuilder b;
    Graph& graph = b.graph;
    const TensorId quantized = int8_tensor(graph, "x_int8", input, 0.02f);
    graph.add_node(Quantize{}, "quantize", {b.input(std::move(input))}, {quantized});
    const TensorId w = constant<int8_t>(graph, "w", std::move(weights), axis, 127);
    const TensorId bias = constant<int32_t>(graph, "bias", {kChannels}, 0, 4000);
    const TensorId layer = *graph.add_op(std::move(op), "layer",
                                         {quantized, w, bias, b.constant({kChannels}, slopes)});
    Tensor& y = graph.mutable_tensor(layer);
    y.type = DataType::kInt8;
    // Fine enough that results saturate at both ends, coarse enough that most do not.
    y.quant = QuantParams{.scales = {0.03f}, .zero_points = {zero_point()}};
    b.output(*graph.add_op(Dequantize{}, "dequantize", {layer}));
    return b;
  }

 private:
  int32_t zero_point() { return static_cast<int32_t>(random_.uniform() * 100) - 50; }

  TensorId int8_tensor(Graph& graph, std::string name, Shape shape, float scale) {
    const TensorId id = graph.add_tensor(std::move(name), DataType::kInt8, std::move(shape));
    graph.mutable_tensor(id).quant = QuantParams{.scales = {scale}, .zero_points = {zero_point()}};
    return id;
  }

  // Values in -limit..limit; a scale for each channel.
  template <typename T>
  TensorId constant(Graph& graph, std::string name, Shape shape, int axis, int limit) {
    std::vector<T> values(static_cast<size_t>(elements(shape)));
    for (T& value : values) value = static_cast<T>((2 * random_.uniform() - 1) * limit);
    std::vector<float> scales = random_floats(kChannels, 0.0005f, 0.003f, random_);
    if constexpr (std::is_same_v<T, int8_t>) {
      weight_scales_ = scales;
    } else {
      for (size_t c = 0; c < scales.size(); ++c) scales[c] = 0.02f * weight_scales_[c];
    }
    const TensorId id = graph.add_constant<T>(std::move(name), std::move(shape), values);
    graph.mutable_tensor(id).quant = QuantParams{
        .scales = scales, .zero_points = std::vector<int32_t>(kChannels, 0), .axis = axis};
    return id;
  }

  Random random_;
  std::vector<float> weight_scales_;
};

// Equal, not close: rounding is monotone, so the maximum of rounded values is the rounded maximum.
void expect_same_values(GraphBuilder& b) {
  const auto before = evaluate(b.graph);
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_TRUE(write_prelu_as_extrema(b.graph));
  ASSERT_TRUE(verify(b.graph).ok()) << verify(b.graph);
  const auto after = evaluate(b.graph);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(*before, *after);
}

std::vector<float> slopes_of_every_kind(uint64_t seed) {
  Random random(seed);
  std::vector<float> slopes = random_floats(kChannels, -1, 1, random);
  slopes[0] = 0;
  slopes[1] = 1;
  slopes[2] = -1;
  slopes[3] = 1e-6f;
  return slopes;
}

class PreluAsExtrema : public ::testing::TestWithParam<uint64_t> {};

TEST_P(PreluAsExtrema, OfAConvolutionIsEqual) {
  const uint64_t seed = GetParam();
  GraphBuilder b = Int8Layer(seed).build(
      Conv2D{.stride_h = 2, .padding = {1, 1, 1, 1}, .activation = Activation::kPRelu},
      {1, 9, 8, 6}, {kChannels, 3, 3, 6}, 0, slopes_of_every_kind(seed));
  expect_same_values(b);
  EXPECT_THAT(ops(b.graph), ElementsAre("Quantize", "Conv2D", "Conv2D", "Maximum", "Dequantize"));
}

TEST_P(PreluAsExtrema, OfADepthwiseConvolutionWithAMultiplierIsEqual) {
  const uint64_t seed = GetParam();
  GraphBuilder b = Int8Layer(seed).build(
      DepthwiseConv2D{.padding = {1, 1, 1, 1}, .activation = Activation::kPRelu},
      {1, 9, 8, kChannels / 3}, {1, 3, 3, kChannels}, 3, slopes_of_every_kind(seed));
  expect_same_values(b);
  EXPECT_THAT(ops(b.graph), ElementsAre("Quantize", "DepthwiseConv2D", "DepthwiseConv2D", "Maximum",
                                        "Dequantize"));
}

TEST_P(PreluAsExtrema, OfAFullyConnectedLayerIsEqual) {
  const uint64_t seed = GetParam();
  GraphBuilder b = Int8Layer(seed).build(FullyConnected{.activation = Activation::kPRelu}, {40, 16},
                                         {kChannels, 16}, 0, slopes_of_every_kind(seed));
  expect_same_values(b);
  EXPECT_THAT(ops(b.graph),
              ElementsAre("Quantize", "FullyConnected", "FullyConnected", "Maximum", "Dequantize"));
}

// Slopes up to 4, such as a face detector has before a pooling.
std::vector<float> steep_slopes(uint64_t seed, float lowest) {
  Random random(seed);
  std::vector<float> slopes = random_floats(kChannels, lowest, 4, random);
  slopes[3] = 1.0001f;
  return slopes;
}

TEST_P(PreluAsExtrema, OfSlopesOnBothSidesOfOneIsEqual) {
  const uint64_t seed = GetParam();
  GraphBuilder b =
      Int8Layer(seed).build(Conv2D{.padding = {1, 1, 1, 1}, .activation = Activation::kPRelu},
                            {1, 7, 8, 6}, {kChannels, 3, 3, 6}, 0, steep_slopes(seed, -2));
  expect_same_values(b);
  EXPECT_THAT(ops(b.graph), ElementsAre("Quantize", "Conv2D", "Conv2D", "Minimum", "Conv2D",
                                        "Maximum", "Dequantize"));
}

TEST_P(PreluAsExtrema, OfSlopesAboveOneIsEqual) {
  const uint64_t seed = GetParam();
  GraphBuilder b = Int8Layer(seed).build(FullyConnected{.activation = Activation::kPRelu}, {40, 16},
                                         {kChannels, 16}, 0, steep_slopes(seed, 1.0001f));
  expect_same_values(b);
  EXPECT_THAT(ops(b.graph),
              ElementsAre("Quantize", "FullyConnected", "FullyConnected", "Minimum", "Dequantize"));
}

INSTANTIATE_TEST_SUITE_P(Random, PreluAsExtrema, ::testing::Range<uint64_t>(1, 9));

TEST(WritePreluAsExtrema, LeavesFloatLayers) {
  GraphBuilder b;
  b.output(b.add(Conv2D{.activation = Activation::kPRelu},
                 {b.input({1, 3, 3, 2}), b.random({4, 1, 1, 2}), b.random({4}), b.random({4})}));
  EXPECT_FALSE(write_prelu_as_extrema(b.graph));
}

struct GlobalShape {
  int64_t height, width, channels;
};

class SplitGlobalDepthwise : public ::testing::TestWithParam<GlobalShape> {};

TEST_P(SplitGlobalDepthwise, ComputesTheSame) {
  const auto [height, width, channels] = GetParam();
  for (const Activation activation : {Activation::kNone, Activation::kRelu6, Activation::kPRelu}) {
    GraphBuilder b;
    std::vector<TensorId> inputs = {b.input({1, height, width, channels}),
                                    b.random({1, height, width, channels}), b.random({channels})};
    if (activation == Activation::kPRelu) inputs.push_back(b.random({channels}));
    b.output(b.add(DepthwiseConv2D{.activation = activation}, inputs));
    EXPECT_THAT(ops_after(b, [](Graph& graph) { EXPECT_TRUE(split_global_depthwise(graph)); }),
                ElementsAre("Reshape", "DepthwiseConv2D", "Reshape", "DepthwiseConv2D"));
    EXPECT_FALSE(split_global_depthwise(b.graph)) << "it would be split without end";
  }
}

// What one scale for all sums and int8 weights for the last layer ask for.
TEST_P(SplitGlobalDepthwise, SumsSpreadAlike) {
  const auto [height, width, channels] = GetParam();
  GraphBuilder b;
  const TensorId input = b.input({1, height, width, channels});
  const TensorId last = b.add(DepthwiseConv2D{}, {input, b.random({1, height, width, channels})});
  b.output(last);
  ASSERT_TRUE(split_global_depthwise(b.graph));
  const auto weights_of = [&b](TensorId output) {
    return b.graph.tensor(b.graph.node(b.graph.producer(output)).inputs[1]).values<float>();
  };
  const auto input_of = [&b](TensorId output) {
    return b.graph.node(b.graph.producer(output)).inputs[0];
  };
  const auto within = weights_of(input_of(input_of(last))), of_columns = weights_of(last);
  const auto row = static_cast<size_t>(width * channels), step = static_cast<size_t>(channels);
  ASSERT_EQ(of_columns.size(), row);
  for (size_t channel = 0; channel < step; ++channel) {
    float largest = 0;
    for (size_t i = channel; i < row; i += step) largest = std::max(largest, of_columns[i]);
    for (size_t i = channel; i < row; i += step) {
      const float steps = of_columns[i] / largest * 127;
      EXPECT_NEAR(steps, std::round(steps), 1e-3);
      double squares = 0;
      for (size_t y = i; y < within.size(); y += row) squares += double{within[y]} * within[y];
      // One up to the rounding of `steps`.
      EXPECT_NEAR(std::sqrt(squares), 1, 0.6 / std::max(steps, 1.0f));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, SplitGlobalDepthwise,
                         ::testing::Values(GlobalShape{7, 7, 8}, GlobalShape{7, 6, 5},
                                           GlobalShape{4, 9, 1}, GlobalShape{30, 2, 3},
                                           GlobalShape{2, 13, 16}));

TEST(SplitGlobalDepthwiseNot, SmallOrPartialOrPaddedOnes) {
  for (const auto& [input, filter, padding] :
       {std::tuple{Shape{1, 5, 5, 4}, Shape{1, 5, 5, 4}, Padding{}},
        std::tuple{Shape{1, 26, 1, 4}, Shape{1, 26, 1, 4}, Padding{}},
        std::tuple{Shape{1, 8, 8, 4}, Shape{1, 7, 7, 4}, Padding{}},
        std::tuple{Shape{1, 7, 7, 4}, Shape{1, 7, 7, 4}, Padding{1, 1, 1, 1}},
        std::tuple{Shape{1, 7, 7, 4}, Shape{1, 7, 7, 8}, Padding{}}}) {
    GraphBuilder b;
    b.output(b.add(DepthwiseConv2D{.padding = padding}, {b.input(input), b.random(filter)}));
    EXPECT_FALSE(split_global_depthwise(b.graph)) << to_string(b.graph);
  }
}

}  // namespace
}  // namespace durward
