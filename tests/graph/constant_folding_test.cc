// Expected values are worked out by hand or taken from the ONNX operator specification's examples.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "graph/graph.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::FloatNear;
using ::testing::Pointwise;

class Folding : public ::testing::Test {
 protected:
  template <typename T>
  TensorId constant(Shape shape, std::vector<T> values) {
    return graph_.add_constant<T>(graph_.unique_name("c"), std::move(shape),
                                  std::span<const T>(values));
  }
  TensorId node(Op op, std::vector<TensorId> inputs) {
    const auto out = graph_.add_op(std::move(op), graph_.unique_name("n"), std::move(inputs));
    EXPECT_TRUE(out.ok()) << out.status();
    return *out;
  }
  // The folded value of the tensor; what is left in the graph is a constant of the same id.
  template <typename T>
  std::vector<T> fold(TensorId id) {
    const auto folded = fold_constant(graph_, graph_.producer(id));
    EXPECT_TRUE(folded.ok() && *folded) << folded.status();
    if (!folded.ok() || !*folded) return {};
    EXPECT_FALSE(graph_.producer(id).valid());
    const auto values = graph_.tensor(id).values<T>();
    return {values.begin(), values.end()};
  }
  template <typename T>
  std::vector<T> fold(Op op, std::vector<TensorId> inputs) {
    return fold<T>(node(std::move(op), std::move(inputs)));
  }
  TensorId counting(Shape shape) {
    std::vector<float> values(static_cast<size_t>(elements(shape)));
    std::iota(values.begin(), values.end(), 0.0f);
    return constant<float>(std::move(shape), std::move(values));
  }
  Graph graph_;
};

// What PyTorch's view(x.size(0), -1) exports: Shape -> Gather -> Unsqueeze -> Concat -> Reshape.
TEST_F(Folding, WorksOutTheShapeArithmeticOfAPyTorchExport) {
  const TensorId x = graph_.add_tensor("x", DataType::kFloat32, {2, 7, 6, 5});
  const TensorId shape = node(ShapeOf{}, {x});
  EXPECT_THAT(fold<int64_t>(shape), ElementsAre(2, 7, 6, 5));
  const TensorId batch = node(Gather{.axis = 0}, {shape, constant<int64_t>({}, {0})});
  EXPECT_THAT(fold<int64_t>(batch), ElementsAre(2));
  EXPECT_EQ(graph_.tensor(batch).shape, Shape{});
  const TensorId unsqueezed = node(Reshape{{1}}, {batch});
  EXPECT_THAT(fold<int64_t>(unsqueezed), ElementsAre(2));
  const TensorId target = node(Concat{.axis = 0}, {unsqueezed, constant<int64_t>({1}, {-1})});
  EXPECT_THAT(fold<int64_t>(target), ElementsAre(2, -1));
  const TensorId spatial = node(Slice{{1}, {3}, {1}}, {shape});
  EXPECT_THAT(fold<int64_t>(spatial), ElementsAre(7, 6));
  const TensorId doubled = node(Binary{BinaryKind::kMul}, {spatial, constant<int64_t>({}, {2})});
  EXPECT_THAT(fold<int64_t>(doubled), ElementsAre(14, 12));
  const TensorId halved =
      node(Binary{BinaryKind::kDiv}, {constant<int64_t>({2}, {7, -7}), constant<int64_t>({}, {2})});
  EXPECT_THAT(fold<int64_t>(halved), ElementsAre(3, -3));  // towards zero
  EXPECT_THAT(fold<float>(Cast{DataType::kFloat32}, {doubled}), ElementsAre(14, 12));
  EXPECT_EQ(graph_.node_count(), 0u);
}

TEST_F(Folding, TransposesAsTheOnnxExampleDoes) {
  const TensorId x = counting({2, 3});
  EXPECT_THAT(fold<float>(Transpose{{1, 0}}, {x}), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(fold<float>(Transpose{{2, 0, 1}}, {counting({2, 1, 3})}),
              ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST_F(Folding, SlicesForwardsAndBackwards) {
  const TensorId x = counting({3, 4});
  EXPECT_THAT(fold<float>(Slice{{1, 0}, {3, 4}, {1, 2}}, {x}), ElementsAre(4, 6, 8, 10));
  EXPECT_THAT(fold<float>(Slice{{2, 3}, {-1, 1}, {-2, -1}}, {x}), ElementsAre(11, 10, 3, 2));
  EXPECT_THAT(fold<float>(Slice{{0, 3}, {3, 4}, {1, INT64_MAX}}, {x}), ElementsAre(3, 7, 11));
  EXPECT_THAT(fold<float>(Slice{{1, 0}, {1, 4}, {1, 1}}, {x}), ElementsAre());
}

TEST_F(Folding, TilesBroadcastsSplitsAndJoins) {
  const TensorId x = counting({2, 2});
  EXPECT_THAT(fold<float>(Tile{{1, 2}}, {x}), ElementsAre(0, 1, 0, 1, 2, 3, 2, 3));
  EXPECT_THAT(fold<float>(Tile{{2, 1}}, {x}), ElementsAre(0, 1, 2, 3, 0, 1, 2, 3));
  EXPECT_THAT(fold<float>(Broadcast{{2, 3}}, {constant<float>({2, 1}, {5, 7})}),
              ElementsAre(5, 5, 5, 7, 7, 7));
  EXPECT_THAT(fold<float>(Concat{.axis = 1}, {x, constant<float>({2, 1}, {8, 9})}),
              ElementsAre(0, 1, 8, 2, 3, 9));
  EXPECT_THAT(fold<float>(Gather{.axis = 1}, {x, constant<int32_t>({2}, {-1, 0})}),
              ElementsAre(1, 0, 3, 2));
  const TensorId left = graph_.add_tensor("left", DataType::kFloat32, {});
  const TensorId right = graph_.add_tensor("right", DataType::kFloat32, {});
  const NodeId split = graph_.add_node(Split{.axis = 1, .sizes = {1, 2}}, "split",
                                       {counting({2, 3})}, {left, right});
  ASSERT_TRUE(*fold_constant(graph_, split));
  EXPECT_THAT(graph_.tensor(left).values<float>(), ElementsAre(0, 3));
  EXPECT_THAT(graph_.tensor(right).values<float>(), ElementsAre(1, 2, 4, 5));
}

TEST_F(Folding, BroadcastsInArithmetic) {
  const TensorId column = constant<float>({2, 1}, {10, 20});
  const TensorId row = constant<float>({3}, {1, 2, 4});
  EXPECT_THAT(fold<float>(Binary{BinaryKind::kAdd}, {column, row}),
              ElementsAre(11, 12, 14, 21, 22, 24));
  EXPECT_THAT(fold<float>(Binary{BinaryKind::kSub}, {row, column}),
              ElementsAre(-9, -8, -6, -19, -18, -16));
  EXPECT_THAT(fold<float>(Binary{BinaryKind::kDiv}, {column, row}),
              ElementsAre(10, 5, 2.5, 20, 10, 5));
  EXPECT_THAT(fold<float>(Binary{BinaryKind::kPow}, {row, constant<float>({}, {2})}),
              ElementsAre(1, 4, 16));
  EXPECT_THAT(fold<float>(Binary{BinaryKind::kMinimum, Activation::kRelu6},
                          {constant<float>({3}, {-1, 3, 9}), constant<float>({}, {8})}),
              ElementsAre(0, 3, 6));
}

TEST_F(Folding, ComparesToOneAndZero) {
  const TensorId a = constant<float>({4}, {1, 2, 3, std::nanf("")});
  const TensorId b = constant<float>({}, {2});
  EXPECT_THAT(fold<float>(Binary{BinaryKind::kLess}, {a, b}), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(fold<float>(Binary{BinaryKind::kGreaterOrEqual}, {a, b}), ElementsAre(0, 1, 1, 0));
}

TEST_F(Folding, ComputesElementwiseFunctions) {
  const TensorId x = constant<float>({4}, {-4, -1, 0.5f, 7});
  const auto unary = [&](UnaryKind kind) { return fold<float>(Unary{kind}, {x}); };
  EXPECT_THAT(unary(UnaryKind::kRelu), ElementsAre(0, 0, 0.5f, 7));
  EXPECT_THAT(unary(UnaryKind::kRelu6), ElementsAre(0, 0, 0.5f, 6));
  EXPECT_THAT(unary(UnaryKind::kAbs), ElementsAre(4, 1, 0.5f, 7));
  EXPECT_THAT(unary(UnaryKind::kNeg), ElementsAre(4, 1, -0.5f, -7));
  EXPECT_THAT(unary(UnaryKind::kFloor), ElementsAre(-4, -1, 0, 7));
  EXPECT_THAT(unary(UnaryKind::kCeil), ElementsAre(-4, -1, 1, 7));
  // x * relu6(x + 3) / 6
  EXPECT_THAT(unary(UnaryKind::kHardSwish),
              Pointwise(FloatNear(1e-6f), {0.0f, -1.0f / 3, 0.5f * 3.5f / 6, 7.0f}));
  EXPECT_THAT(unary(UnaryKind::kSigmoid),
              Pointwise(FloatNear(1e-6f), {0.01798621f, 0.26894142f, 0.62245933f, 0.99908895f}));
  EXPECT_THAT(fold<float>(Unary{UnaryKind::kRsqrt}, {constant<float>({2}, {4, 0.25f})}),
              ElementsAre(0.5f, 2));
  EXPECT_THAT(fold<float>(Clip{-2, 5}, {x}), ElementsAre(-2, -1, 0.5f, 5));
  EXPECT_THAT(fold<float>(LeakyRelu{0.25f}, {x}), ElementsAre(-1, -0.25f, 0.5f, 7));
  EXPECT_THAT(fold<float>(HardSigmoid{0.25f, 0.5f}, {x}), ElementsAre(0, 0.25f, 0.625f, 1));
  EXPECT_THAT(fold<float>(PRelu{}, {constant<float>({2, 2}, {-2, -2, 3, 3}),
                                    constant<float>({2}, {0.5f, -1})}),
              ElementsAre(-1, 2, 3, 3));
}

TEST_F(Folding, ReducesOverTheNamedAxes) {
  const TensorId x = counting({2, 3});  // 0 1 2 / 3 4 5
  const auto reduce = [&](ReduceKind kind, std::vector<int> axes) {
    return fold<float>(Reduce{kind, std::move(axes), false}, {x});
  };
  EXPECT_THAT(reduce(ReduceKind::kSum, {0}), ElementsAre(3, 5, 7));
  EXPECT_THAT(reduce(ReduceKind::kMean, {1}), ElementsAre(1, 4));
  EXPECT_THAT(reduce(ReduceKind::kMax, {0, 1}), ElementsAre(5));
  EXPECT_THAT(reduce(ReduceKind::kMin, {1}), ElementsAre(0, 3));
  EXPECT_THAT(reduce(ReduceKind::kSumSquare, {1}), ElementsAre(5, 50));
  EXPECT_THAT(reduce(ReduceKind::kL2, {0}), ElementsAre(3, FloatNear(std::sqrt(17.0f), 1e-6f),
                                                        FloatNear(std::sqrt(29.0f), 1e-6f)));
  EXPECT_THAT(
      fold<int64_t>(Reduce{ReduceKind::kSum, {0}, true}, {constant<int64_t>({3}, {1, 2, 3})}),
      ElementsAre(6));
}

TEST_F(Folding, CastsSaturateAndNanIsZero) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const TensorId x = constant<float>({5}, {1.9f, -1.9f, 1e30f, -1e30f, nan});
  EXPECT_THAT(fold<int64_t>(Cast{DataType::kInt64}, {x}),
              ElementsAre(1, -1, INT64_MAX, INT64_MIN, 0));
  EXPECT_THAT(fold<int8_t>(Cast{DataType::kInt8}, {x}), ElementsAre(1, -1, 127, -128, 0));
  const std::vector<std::byte> halves{std::byte{0x00}, std::byte{0x3c}, std::byte{0x00},
                                      std::byte{0xc1}};  // 1, -2.5
  const TensorId half = graph_.add_constant("half", DataType::kFloat16, {2}, halves);
  EXPECT_THAT(fold<float>(Cast{DataType::kFloat32}, {half}), ElementsAre(1, -2.5f));
}

// The example of ONNX QuantizeLinear: scale 2, zero point 128, uint8.
TEST_F(Folding, QuantisesAsTheOnnxExampleDoes) {
  const TensorId x = constant<float>({6}, {0, 2, 3, 1000, -254, -1000});
  const TensorId q = graph_.add_tensor("q", DataType::kUInt8, {6});
  graph_.mutable_tensor(q).quant = QuantParams{{2}, {128}, -1};
  graph_.add_node(Quantize{}, "quantize", {x}, {q});
  EXPECT_THAT(fold<uint8_t>(q), ElementsAre(128, 129, 130, 255, 1, 0));
  EXPECT_THAT(fold<float>(Dequantize{}, {q}), ElementsAre(0, 2, 4, 254, -254, -256));
}

TEST_F(Folding, DequantisesPerAxis) {
  const TensorId q = constant<int8_t>({2, 2}, {1, 2, -128, 127});
  graph_.mutable_tensor(q).quant = QuantParams{{0.5f, 4}, {0, -1}, 1};
  EXPECT_THAT(fold<float>(Dequantize{}, {q}), ElementsAre(0.5f, 12, -64, 512));
}

TEST_F(Folding, LeavesWhatItDoesNotEvaluate) {
  const TensorId x = graph_.add_tensor("x", DataType::kFloat32, {4});
  EXPECT_FALSE(*fold_constant(graph_, graph_.producer(node(Unary{}, {x}))));
  const TensorId pool = node(Pool2D{}, {counting({1, 2, 2, 1})});
  EXPECT_FALSE(*fold_constant(graph_, graph_.producer(pool)));
  // Arithmetic on quantised numbers is not arithmetic on the integers that stand for them.
  const TensorId q = constant<int8_t>({1}, {3});
  graph_.mutable_tensor(q).quant = QuantParams{{1}, {0}, -1};
  EXPECT_FALSE(*fold_constant(graph_, graph_.producer(node(Binary{}, {q, q}))));
  EXPECT_EQ(graph_.node_count(), 3u);
}

TEST_F(Folding, KeepsToTheLimitBeforeItAllocates) {
  const TensorId large = node(Broadcast{{1 << 20, 1 << 20}}, {constant<float>({1}, {1})});
  EXPECT_FALSE(*fold_constant(graph_, graph_.producer(large)));
  const TensorId ten = node(Tile{{10}}, {constant<float>({1}, {1})});
  EXPECT_FALSE(*fold_constant(graph_, graph_.producer(ten), 9));
  EXPECT_TRUE(*fold_constant(graph_, graph_.producer(ten), 10));
}

TEST_F(Folding, IntegerOverflowAndDivisionByZeroAreErrors) {
  const TensorId most = constant<int64_t>({1}, {INT64_MAX});
  const TensorId least = constant<int64_t>({1}, {INT64_MIN});
  const TensorId zero = constant<int64_t>({1}, {0});
  const TensorId minus_one = constant<int64_t>({1}, {-1});
  const auto status = [&](Op op, std::vector<TensorId> inputs) {
    return fold_constant(graph_, graph_.producer(node(std::move(op), std::move(inputs)))).status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(status(Binary{BinaryKind::kAdd}, {most, most})));
  EXPECT_TRUE(absl::IsInvalidArgument(status(Binary{BinaryKind::kSub}, {least, most})));
  EXPECT_TRUE(absl::IsInvalidArgument(status(Binary{BinaryKind::kMul}, {most, most})));
  EXPECT_TRUE(absl::IsInvalidArgument(status(Binary{BinaryKind::kDiv}, {most, zero})));
  EXPECT_TRUE(absl::IsInvalidArgument(status(Binary{BinaryKind::kDiv}, {least, minus_one})));
  EXPECT_TRUE(absl::IsInvalidArgument(status(Unary{UnaryKind::kNeg}, {least})));
}

TEST_F(Folding, AConstantOfTheWrongSizeIsAnError) {
  const TensorId x = constant<float>({4}, {1, 2, 3, 4});
  const TensorId y = node(Unary{}, {x});
  graph_.mutable_tensor(x).shape = {400};
  EXPECT_TRUE(absl::IsInvalidArgument(fold_constant(graph_, graph_.producer(y)).status()));
}

}  // namespace
}  // namespace durward
