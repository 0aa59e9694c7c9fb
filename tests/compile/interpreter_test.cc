// Whole graphs through lowering and the interpreter. The arithmetic itself is tested with the
// kernels (tests/engine); here values are small enough to be worked out by hand, or computed with
// double arithmetic on dequantised values.
#include "compile/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <thread>

#include "base/parallel.h"
#include "base/random.h"
#include "compile/graph_builder.h"

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

template <typename Out, typename In>
std::vector<Out> run(const Graph& graph, const std::vector<In>& input) {
  const auto interpreter = Interpreter::create(graph);
  EXPECT_TRUE(interpreter.ok()) << interpreter.status();
  if (!interpreter.ok()) return {};
  std::vector<Out> output(
      static_cast<size_t>(elements(graph.tensor(graph.outputs[0].tensor).shape)));
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(input))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
  const absl::Status status = interpreter->run(in, out);
  EXPECT_TRUE(status.ok()) << status;
  return output;
}

std::vector<float> iota(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

// The value of a float graph of one op on 0, 1, 2, ...
std::vector<float> run_op(const Op& op, const Shape& shape) {
  Builder b;
  b.output(b.op(op, {b.input(shape)}));
  return run<float>(b.graph, iota(static_cast<size_t>(elements(shape))));
}

TEST(Interpreter, MovesElements) {
  EXPECT_THAT(run_op(Transpose{{1, 0}}, {2, 3}), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(run_op(Slice{{1, 2}, {2, -1}, {1, -2}}, {2, 3}), ElementsAre(5, 3));
  EXPECT_THAT(run_op(Pad{{0, 1}, {1, 0}, 9}, {1, 2}), ElementsAre(9, 0, 1, 9, 9, 9));
  EXPECT_THAT(run_op(Broadcast{{2, 2}}, {2}), ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(run_op(Tile{{2, 2}}, {1, 2}), ElementsAre(0, 1, 0, 1, 0, 1, 0, 1));
  EXPECT_THAT(run_op(Reshape{{4}}, {2, 2}), ElementsAre(0, 1, 2, 3));
  // 1x1x2x4, block 2: each pixel's channels become a 2x2 square.
  EXPECT_THAT(run_op(DepthToSpace{2, false}, {1, 1, 2, 4}), ElementsAre(0, 1, 4, 5, 2, 3, 6, 7));
  EXPECT_THAT(run_op(SpaceToDepth{2}, {1, 2, 4, 1}), ElementsAre(0, 1, 4, 5, 2, 3, 6, 7));
  // With two channels out, CRD order keeps a channel's block together.
  EXPECT_THAT(run_op(DepthToSpace{2, true}, {1, 1, 1, 8}), ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
}

TEST(Interpreter, ResizesByOnnxCoordinates) {
  // 0 1 2 3 to twice the width.
  const Shape shape{1, 1, 4, 1};
  using enum ResizeCoordinates;
  EXPECT_THAT(run_op(Resize{ResizeMode::kLinear, kHalfPixel, 1, 8, true}, shape),
              ElementsAre(0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3));
  EXPECT_THAT(run_op(Resize{ResizeMode::kLinear, kAsymmetric, 1, 8, true}, shape),
              ElementsAre(0, 0.5, 1, 1.5, 2, 2.5, 3, 3));
  EXPECT_THAT(run_op(Resize{ResizeMode::kLinear, kAlignCorners, 1, 7, true}, shape),
              ElementsAre(0, 0.5, 1, 1.5, 2, 2.5, 3));
  EXPECT_THAT(run_op(Resize{ResizeMode::kNearest, kAsymmetric, 1, 8, true}, shape),
              ElementsAre(0, 0, 1, 1, 2, 2, 3, 3));
  EXPECT_THAT(run_op(Resize{ResizeMode::kNearest, kHalfPixel, 1, 2, false}, shape),
              ElementsAre(0, 2));  // 0.5 and 2.5, halves down
}

TEST(Interpreter, ReducesAndNormalises) {
  EXPECT_THAT(run_op(Reduce{ReduceKind::kMean, {1}, false}, {2, 3}), ElementsAre(1, 4));
  EXPECT_THAT(run_op(Reduce{ReduceKind::kMean, {0}, true}, {2, 3}), ElementsAre(1.5, 2.5, 3.5));
  EXPECT_THAT(run_op(Reduce{ReduceKind::kSum, {0, 2}, true}, {2, 3, 1}), ElementsAre(3, 5, 7));
  EXPECT_THAT(run_op(L2Normalize{1, 1e-12f}, {2, 2}),
              ElementsAre(0, 1, 2 / std::sqrt(13.0f), 3 / std::sqrt(13.0f)));
  const std::vector<float> softmax = run_op(Softmax{0}, {2, 2});
  EXPECT_FLOAT_EQ(softmax[0], 1 / (1 + std::exp(2.0f)));
  EXPECT_FLOAT_EQ(softmax[2], 1 / (1 + std::exp(-2.0f)));
}

TEST(Interpreter, MultipliesMatricesWithABroadcastBatch) {
  Builder b;
  const TensorId x = b.input({2, 1, 2});
  b.output(b.op(MatMul{}, {x, b.constant<float>({2, 2}, {1, 2, 3, 4})}));
  EXPECT_THAT(run<float>(b.graph, iota(4)), ElementsAre(3, 4, 11, 16));
}

TEST(Interpreter, JoinsAndSplits) {
  Builder b;
  const TensorId x = b.input({2, 3});
  const TensorId left = b.graph.add_tensor("left", DataType::kFloat32, {2, 1});
  const TensorId right = b.graph.add_tensor("right", DataType::kFloat32, {2, 2});
  b.graph.add_node(Split{1, {1, 2}}, "split", {x}, {left, right});
  b.output(b.op(Concat{1}, {right, left}));
  EXPECT_THAT(run<float>(b.graph, iota(6)), ElementsAre(1, 2, 0, 4, 5, 3));
}

TEST(Interpreter, SplitsOffAnEmptyPart) {
  Builder b;
  const TensorId x = b.input({2, 3});
  const TensorId none = b.graph.add_tensor("none", DataType::kFloat32, {2, 0});
  const TensorId all = b.graph.add_tensor("all", DataType::kFloat32, {2, 3});
  b.graph.add_node(Split{1, {0, 3}}, "split", {x}, {none, all});
  b.output(all);
  EXPECT_THAT(run<float>(b.graph, iota(6)), ElementsAreArray(iota(6)));
}

TEST(Interpreter, GathersByIndex) {
  Builder b;
  const TensorId x = b.input({2, 3});
  b.output(b.op(Gather{1}, {x, b.constant<int64_t>({2}, {2, -3})}));
  EXPECT_THAT(run<float>(b.graph, iota(6)), ElementsAre(2, 0, 5, 3));
}

TEST(Interpreter, RunsAConvolutionWithAFusedPReLU) {
  Builder b;
  const TensorId x = b.int8_input({1, 1, 3, 1}, 0.5f, 2);
  const TensorId w = b.weights({2, 1, 1, 1}, {4, -4}, {0.25f, 0.5f}, 0);
  const TensorId bias = b.constant<int32_t>({2}, {8, 0});
  const TensorId slope = b.constant<float>({2}, {0.5f, 0.25f});
  b.output(b.op(Conv2D{.activation = Activation::kPRelu}, {x, w, bias, slope}, 0.25f, -10));
  // Real inputs -2, 0, 3; channel 0: x + 1, channel 1: -2x; steps of 0.25.
  EXPECT_THAT(run<int8_t>(b.graph, std::vector<int8_t>{-2, 2, 8}),
              ElementsAre(-2 - 10, 16 - 10, 4 - 10, -10, 16 - 10, -6 - 10));
}

// s_in * s_w / s_out rounded after each operation, as XNNPACK and ONNX Runtime compute it, is
// .00076020011 here: 63,799 steps of the accumulator are just above 48.5 steps of the output.
// Rounded once it is .00076020004, and they are a tie.
TEST(Interpreter, ComputesMultipliersAsTheRuntimesDo) {
  Builder b;
  const TensorId x = b.int8_input({1, 1, 1, 1}, 0.0181f, 0);
  const TensorId w = b.weights({1, 1, 1, 1}, {1}, {0.00336f}, 0);
  b.output(b.op(Conv2D{}, {x, w, b.constant<int32_t>({1}, {63799})}, 0.08f, 0));
  EXPECT_THAT(run<int8_t>(b.graph, std::vector<int8_t>{0}), ElementsAre(49));
}

TEST(Interpreter, ClampsFusedRelu6AtSix) {
  Builder b;
  const TensorId x = b.int8_input({1, 4}, 1.0f, 0);
  const TensorId w = b.weights({1, 1}, {1}, {1.0f}, 0);
  const TensorId flat = b.op(Reshape{{4, 1}}, {x}, 1.0f, 0);
  b.output(b.op(FullyConnected{Activation::kRelu6}, {flat, w, b.constant<int32_t>({1}, {0})}, 0.1f,
                -128));
  EXPECT_THAT(run<int8_t>(b.graph, std::vector<int8_t>{-5, 3, 6, 100}),
              ElementsAre(-128, -98, -68, -68));
}

TEST(Interpreter, ChangesScaleInsideConcatAndPad) {
  Builder b;
  const TensorId x = b.int8_input({1, 2}, 1.0f, 0);
  const TensorId padded = b.op(Pad{{0, 1}, {0, 0}, 3}, {x}, 0.5f, -1);
  b.output(b.op(Concat{1}, {x, padded}, 2.0f, 5));
  // Padding of 3.0; reals 10, 20; halves round to even steps.
  EXPECT_THAT(run<int8_t>(b.graph, std::vector<int8_t>{10, 20}), ElementsAre(10, 15, 7, 10, 15));
}

TEST(Interpreter, QuantisesAndDequantisesAroundAFloatIsland) {
  Builder b;
  const TensorId x = b.int8_input({3}, 0.5f, 1);
  const TensorId real = b.op(Dequantize{}, {x});
  const TensorId root = b.op(Unary{UnaryKind::kSqrt}, {real});
  b.output(b.op(Quantize{}, {root}, 0.25f, -8));
  EXPECT_THAT(run<int8_t>(b.graph, std::vector<int8_t>{1, 9, 19}),
              ElementsAre(-8, 0, 4));  // 0, 2, 3
}

TEST(Interpreter, TabulatesFunctionsOfOneElement) {
  for (const auto kind : {UnaryKind::kSigmoid, UnaryKind::kTanh, UnaryKind::kHardSwish}) {
    Builder b;
    const float in_scale = 0.05f, out_scale = 0.03f;
    b.output(b.op(Unary{kind}, {b.int8_input({256}, in_scale, -3)}, out_scale, 7));
    std::vector<int8_t> input(256);
    std::iota(input.begin(), input.end(), static_cast<int8_t>(-128));
    const std::vector<int8_t> output = run<int8_t>(b.graph, input);
    for (size_t i = 0; i < 256; ++i) {
      const double x = double{in_scale} * (input[i] + 3);
      const double y = kind == UnaryKind::kSigmoid ? 1 / (1 + std::exp(-x))
                       : kind == UnaryKind::kTanh  ? std::tanh(x)
                                                   : x * std::clamp(x + 3, 0.0, 6.0) / 6;
      const double exact = std::clamp(y / double{out_scale} + 7, -128.0, 127.0);
      EXPECT_NEAR(output[i], exact, 0.5001) << to_string(b.graph) << i;
    }
  }
}

// A residual block with enough nodes that memory is reused while the shortcut is alive.
Graph residual_block() {
  Builder b;
  Random random(21);
  const auto conv = [&](TensorId from) {
    std::vector<float> weights(4 * 4), bias(4);
    for (float& w : weights) w = static_cast<float>(random.uniform() - 0.5);
    for (float& w : bias) w = static_cast<float>(random.uniform() - 0.5);
    return b.op(Conv2D{.activation = Activation::kRelu},
                {from, b.constant({4, 1, 1, 4}, weights), b.constant({4}, bias)});
  };
  const TensorId x = b.input({1, 3, 3, 4});
  const TensorId first = conv(x);
  const TensorId deep = conv(conv(conv(first)));
  b.output(b.op(Binary{BinaryKind::kAdd, Activation::kNone}, {deep, first}));
  return std::move(b.graph);
}

TEST(Interpreter, ShowsEveryTensorToItsObserver) {
  const Graph graph = residual_block();
  const auto interpreter = Interpreter::create(graph);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  const std::vector<float> input = iota(36);
  std::vector<float> output(36);
  std::vector<std::pair<TensorId, std::vector<float>>> seen;
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(input))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
  ASSERT_TRUE(interpreter
                  ->run(in, out,
                        [&](TensorId id, std::span<const std::byte> bytes) {
                          const auto* values = reinterpret_cast<const float*>(bytes.data());
                          seen.emplace_back(id, std::vector<float>(
                                                    values, values + bytes.size() / sizeof(float)));
                        })
                  .ok());
  ASSERT_EQ(seen.size(), 5u);
  EXPECT_EQ(seen.back().first, graph.outputs[0].tensor);
  EXPECT_THAT(seen.back().second, ElementsAreArray(output));
  // The shortcut was still intact when it was added.
  for (size_t i = 0; i < 36; ++i) {
    EXPECT_EQ(output[i], seen[3].second[i] + seen[0].second[i]);
  }
  // Five tensors of 144 bytes were never alive together.
  EXPECT_LT(interpreter->arena_bytes(), size_t{5} * 192);
}

TEST(Interpreter, GivesTheSameOnManyThreads) {
  const Graph graph = residual_block();
  const auto interpreter = Interpreter::create(graph);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status();
  const auto run_one = [&](int64_t seed) {
    std::vector<float> input(36, static_cast<float>(seed)), output(36);
    const std::span<const std::byte> in[] = {std::as_bytes(std::span(input))};
    const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
    EXPECT_TRUE(interpreter->run(in, out).ok());
    return output;
  };
  std::vector<std::vector<float>> together(64);
  ASSERT_TRUE(parallel_for(64, 4, [&](int64_t i, int) {
                together[static_cast<size_t>(i)] = run_one(i);
                return absl::OkStatus();
              }).ok());
  for (int64_t i = 0; i < 64; ++i) EXPECT_EQ(together[static_cast<size_t>(i)], run_one(i));
}

TEST(Interpreter, NamesEveryNodeWithoutAKernel) {
  Builder b;
  const TensorId x = b.int8_input({2}, 1.0f, 0);
  const TensorId y = b.op(Binary{BinaryKind::kDiv, Activation::kNone}, {x, x}, 1.0f, 0);
  b.output(b.op(Binary{BinaryKind::kPow, Activation::kNone}, {y, x}, 1.0f, 0));
  const absl::Status status = Interpreter::create(b.graph).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'n0'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'n1'"));
}

TEST(Interpreter, RefusesAnAccumulatorThatCouldOverflow) {
  Builder b;
  const int64_t depth = 1 << 17;
  const TensorId x = b.int8_input({1, depth}, 1.0f, 127);
  const TensorId w = b.weights({1, depth}, std::vector<int8_t>(1 << 17, 127), {1.0f}, 0);
  b.output(b.op(FullyConnected{}, {x, w, b.constant<int32_t>({1}, {0})}, 1.0f, 0));
  const absl::Status status = Interpreter::create(b.graph).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("int32"));
}

TEST(Interpreter, RefusesAMaximumOfDifferentScales) {
  Builder b;
  const TensorId x = b.int8_input({2}, 1.0f, 0), y = b.int8_input({2}, 0.5f, 0);
  b.output(b.op(Binary{BinaryKind::kMaximum, Activation::kNone}, {x, y}, 1.0f, 0));
  EXPECT_EQ(Interpreter::create(b.graph).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Interpreter, ChecksTheSizesOfPorts) {
  const auto interpreter = Interpreter::create(residual_block());
  ASSERT_TRUE(interpreter.ok());
  std::vector<float> short_input(35), output(36);
  const std::span<const std::byte> in[] = {std::as_bytes(std::span(short_input))};
  const std::span<std::byte> out[] = {std::as_writable_bytes(std::span(output))};
  const absl::Status status = interpreter->run(in, out);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("144"));
}

}  // namespace
}  // namespace durward
