// QDQ graphs become float graphs that remember their scales.
#include "passes/evaluate.h"
#include "passes/passes.h"

namespace durward {
namespace {

using ::testing::ElementsAre;

const QuantParams kInput{{0.02f}, {-10}, -1}, kOutput{{0.05f}, {-128}, -1};
const QuantParams kWeights{{0.01f, 0.5f}, {0, 0}, 0};

class TakeQuantization : public testing::Test {
 protected:
  TensorId round_trip(TensorId x, const QuantParams& params, DataType type = DataType::kInt8) {
    Graph& graph = b_.graph;
    const std::string name = graph.unique_name("q");
    const TensorId q = graph.add_tensor({name, type, graph.tensor(x).shape, params, nullptr});
    graph.add_node(Quantize{}, name, {x}, {q});
    return b_.add(Dequantize{}, {q});
  }

  template <typename T>
  TensorId dequantized(Shape shape, const std::vector<T>& values, const QuantParams& params) {
    const TensorId q = b_.graph.add_constant(b_.graph.unique_name("c"), std::move(shape),
                                             std::span<const T>(values));
    b_.graph.mutable_tensor(q).quant = params;
    return b_.add(Dequantize{}, {q});
  }

  // FullyConnected of two inputs and outputs, with an int32 bias.
  TensorId layer(TensorId x) {
    const TensorId weights = dequantized<int8_t>({2, 2}, {100, -127, 3, 4}, kWeights);
    const TensorId bias = dequantized<int32_t>({2}, {50, -7}, {{0.0002f, 0.01f}, {0, 0}, 0});
    return b_.add(FullyConnected{}, {x, weights, bias});
  }

  const Tensor& named_output() const { return b_.graph.tensor(b_.graph.outputs[0].tensor); }

  GraphBuilder b_;
};

TEST_F(TakeQuantization, FromActivationsAndConstants) {
  const TensorId x = b_.input({1, 2});
  const TensorId y = layer(round_trip(x, kInput));
  b_.output(round_trip(b_.unary(UnaryKind::kRelu, y), kOutput));
  const TakenQuantization taken = take_quantization(b_.graph);
  EXPECT_EQ(taken.activations, 2);
  EXPECT_EQ(taken.weights, 1);
  ASSERT_TRUE(verify(b_.graph).ok()) << verify(b_.graph);
  EXPECT_THAT(ops(b_.graph), ElementsAre("FullyConnected", "Relu"));
  EXPECT_EQ(b_.graph.tensor(x).trained, kInput);
  EXPECT_EQ(named_output().trained, kOutput);
  const Node& node = b_.graph.node(b_.graph.producer(y));
  EXPECT_EQ(b_.graph.tensor(node.inputs[1]).trained, kWeights);
  EXPECT_THAT(b_.graph.tensor(node.inputs[1]).values<float>(),
              ElementsAre(100 * 0.01f, -127 * 0.01f, 3 * 0.5f, 4 * 0.5f));
  EXPECT_FALSE(b_.graph.tensor(node.inputs[2]).trained);
  EXPECT_THAT(b_.graph.tensor(node.inputs[2]).values<float>(),
              ElementsAre(50 * 0.0002f, -7 * 0.01f));
}

TEST_F(TakeQuantization, IsKeptWhenAnActivationIsFused) {
  const TensorId y = layer(round_trip(b_.input({1, 2}), kInput));
  b_.output(round_trip(b_.unary(UnaryKind::kRelu, round_trip(y, kInput)), kOutput));
  take_quantization(b_.graph);
  ASSERT_TRUE(simplify(b_.graph).ok());
  fuse_activations(b_.graph);
  EXPECT_THAT(ops(b_.graph), ElementsAre("FullyConnected"));
  EXPECT_EQ(named_output().trained, kOutput);
  EXPECT_EQ(b_.graph.tensor(b_.graph.inputs[0].tensor).trained, kInput);
}

TEST_F(TakeQuantization, ThatRectifiesLeavesARelu) {
  const TensorId x = layer(b_.input({1, 2}));
  const TensorId y = round_trip(x, kOutput);
  const TensorId sum = b_.binary(BinaryKind::kAdd, y, y);
  const TensorId flat = b_.add(Reshape{{2}}, {round_trip(sum, kOutput)});
  b_.output(round_trip(flat, kOutput));
  take_quantization(b_.graph);
  ASSERT_TRUE(verify(b_.graph).ok()) << verify(b_.graph);
  EXPECT_THAT(ops(b_.graph), ElementsAre("FullyConnected", "Relu", "Add", "Relu", "Reshape"));
  fuse_activations(b_.graph);
  EXPECT_THAT(ops(b_.graph), ElementsAre("FullyConnected", "Add", "Reshape"));
  EXPECT_EQ(b_.graph.tensor(x).trained, kOutput);
  EXPECT_EQ(b_.graph.tensor(sum).trained, kOutput);
}

TEST_F(TakeQuantization, IsDroppedWhereAnAffineChangesTheValue) {
  const TensorId y = layer(b_.input({1, 2}));
  b_.output(b_.binary(BinaryKind::kMul, round_trip(y, kInput), b_.constant({2}, {3, 7})));
  take_quantization(b_.graph);
  ASSERT_TRUE(simplify(b_.graph).ok());
  EXPECT_THAT(ops(b_.graph), ElementsAre("FullyConnected"));
  EXPECT_FALSE(named_output().trained);
}

TEST_F(TakeQuantization, OfAnotherKindStays) {
  const TensorId x = b_.input({1, 2});
  const TensorId wide = round_trip(x, {{0.001f}, {0}, -1}, DataType::kInt16);
  b_.output(round_trip(wide, {{0.1f, 0.2f}, {0, 0}, 1}));
  const TakenQuantization taken = take_quantization(b_.graph);
  EXPECT_EQ(taken.activations, 0);
  EXPECT_THAT(ops(b_.graph), ElementsAre("Quantize", "Dequantize", "Quantize", "Dequantize"));
}

TEST_F(TakeQuantization, LeavesAPairBetweenTheModelsPorts) {
  b_.output(round_trip(b_.input({1, 2}), kInput));
  EXPECT_EQ(take_quantization(b_.graph).activations, 0);
  EXPECT_THAT(ops(b_.graph), ElementsAre("Quantize", "Dequantize"));
}

TEST_F(TakeQuantization, OfWeightsThatAreNotAroundZeroLeavesTheirValues) {
  const TensorId x = b_.input({1, 2});
  const TensorId weights = dequantized<int8_t>({1, 2}, {10, -20}, {{0.5f}, {4}, -1});
  b_.output(b_.add(FullyConnected{}, {x, weights}));
  EXPECT_EQ(take_quantization(b_.graph).weights, 0);
  const Node& node = b_.graph.node(b_.graph.producer(b_.graph.outputs[0].tensor));
  EXPECT_THAT(b_.graph.tensor(node.inputs[1]).values<float>(), ElementsAre(3.0f, -12.0f));
  EXPECT_FALSE(b_.graph.tensor(node.inputs[1]).trained);
}

}  // namespace
}  // namespace durward
