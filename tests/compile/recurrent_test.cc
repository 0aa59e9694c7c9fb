// Recurrent layers lowered, interpreted and run as plans: states given and returned, sequences that
// go on where they stopped, and what other layers read of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>

#include "compile/graph_builder.h"
#include "compile/lower/lower.h"
#include "compile/session_equality.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

std::vector<float> random_weights(Random& random, int64_t count) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(random.uniform() - 0.5));
  }
  return values;
}

struct Sizes {
  int64_t steps, batch, inputs, hidden;
};

// The constants of a layer, from a seed of their own.
std::vector<TensorId> constants(Builder& b, const Sizes& s, int64_t gates, int64_t biases,
                                uint64_t seed) {
  Random random(seed);
  const int64_t rows = gates * s.hidden;
  return {b.constant<float>({rows, s.inputs}, random_weights(random, rows * s.inputs)),
          b.constant<float>({rows, s.hidden}, random_weights(random, rows * s.hidden)),
          b.constant<float>({biases * s.hidden}, random_weights(random, biases * s.hidden))};
}

// A node with `outputs` outputs, which become those of the graph.
std::vector<TensorId> add(Builder& b, Op op, std::vector<TensorId> inputs, size_t outputs) {
  std::vector<TensorId> ids;
  for (size_t i = 0; i < outputs; ++i) {
    ids.push_back(b.graph.add_tensor("y" + std::to_string(i), DataType::kFloat32, {}));
  }
  const NodeId id = b.graph.add_node(std::move(op), "recurrent", std::move(inputs), ids);
  EXPECT_TRUE(infer_shapes(b.graph, id).ok());
  return ids;
}

// x and both states in; y and both states out.
Graph streaming_lstm(const Sizes& s, bool reverse = false) {
  Builder b;
  std::vector<TensorId> inputs{b.input({s.steps, s.batch, s.inputs})};
  for (const TensorId id : constants(b, s, 4, 4, 1)) inputs.push_back(id);
  inputs.push_back(b.input({s.batch, s.hidden}));
  inputs.push_back(b.input({s.batch, s.hidden}));
  for (const TensorId id : add(b, Lstm{s.hidden, reverse}, inputs, 3)) b.output(id);
  return b.graph;
}

Graph streaming_gru(const Sizes& s, const Gru& op) {
  Builder b;
  std::vector<TensorId> inputs{b.input({s.steps, s.batch, s.inputs})};
  for (const TensorId id : constants(b, s, 3, 6, 1)) inputs.push_back(id);
  inputs.push_back(b.input({s.batch, s.hidden}));
  for (const TensorId id : add(b, op, inputs, 2)) b.output(id);
  return b.graph;
}

constexpr int64_t kBudgets[] = {0};

TEST(Recurrent, RunsAsTheInterpreterDoesOnEveryInstructionSet) {
  const Sizes sizes[] = {{1, 1, 5, 3}, {7, 2, 5, 19}, {40, 1, 9, 33}};
  for (const Sizes& s : sizes) {
    expect_sessions_equal_interpreter(streaming_lstm(s), kBudgets, 1);
    expect_sessions_equal_interpreter(streaming_lstm(s, true), kBudgets, 2);
    expect_sessions_equal_interpreter(streaming_gru(s, {s.hidden, false, true}), kBudgets, 3);
    expect_sessions_equal_interpreter(streaming_gru(s, {s.hidden, true, false}), kBudgets, 4);
  }
}

// Two layers, a projection of the last state: as a speaker encoder has it. No cell is returned and
// no state given.
TEST(Recurrent, FeedsOtherLayers) {
  const Sizes first{9, 2, 4, 12}, second{9, 2, 12, 7};
  Builder b;
  const TensorId x = b.input({9, 2, 4});
  std::vector<TensorId> inputs{x};
  for (const TensorId id : constants(b, first, 4, 4, 1)) inputs.push_back(id);
  const TensorId y = b.op(Lstm{first.hidden}, inputs);
  inputs = {y};
  for (const TensorId id : constants(b, second, 4, 4, 2)) inputs.push_back(id);
  const std::vector<TensorId> states = add(b, Lstm{second.hidden}, inputs, 2);
  Random random(3);
  const TensorId weights = b.constant<float>({5, 7}, random_weights(random, 35));
  b.output(b.op(FullyConnected{}, {states[1], weights}));
  expect_sessions_equal_interpreter(b.graph, kBudgets, 5);
}

// A sequence in two runs, the second with the states that the first returned, gives what one run
// gives.
TEST(Recurrent, GoesOnFromReturnedStates) {
  const Graph whole = streaming_lstm({6, 2, 5, 8}), half = streaming_lstm({3, 2, 5, 8});
  Random random(7);
  const Buffers inputs = random_inputs(whole, random);
  const Buffers expected = interpret(whole, inputs);
  const auto middle = static_cast<std::ptrdiff_t>(inputs[0].size() / 2);
  const std::vector<std::byte> early(inputs[0].begin(), inputs[0].begin() + middle);
  const std::vector<std::byte> late(inputs[0].begin() + middle, inputs[0].end());
  const Buffers first = interpret(half, {early, inputs[1], inputs[2]});
  const Buffers second = interpret(half, {late, first[1], first[2]});
  std::vector<std::byte> joined = first[0];
  joined.insert(joined.end(), second[0].begin(), second[0].end());
  EXPECT_TRUE(joined == expected[0]);
  EXPECT_TRUE(second[1] == expected[1]);
  EXPECT_TRUE(second[2] == expected[2]);
}

TEST(Recurrent, ReturnsTheStateOfTheStepThatCameLast) {
  const Sizes s{3, 1, 2, 4};
  for (const bool reverse : {false, true}) {
    const Graph graph = streaming_lstm(s, reverse);
    Random random(8);
    const Buffers outputs = interpret(graph, random_inputs(graph, random));
    const size_t row = outputs[1].size(), last = reverse ? 0 : 2 * row;
    const auto from = outputs[0].begin() + static_cast<std::ptrdiff_t>(last);
    EXPECT_TRUE(outputs[1] ==
                std::vector<std::byte>(from, from + static_cast<std::ptrdiff_t>(row)));
  }
}

// ---- in integers ----

QuantParams state_params() { return {{1.0f / 32768}, {0}, -1}; }

TensorId integer_weights(Builder& b, Shape shape, bool wide, uint64_t seed) {
  Random random(seed);
  std::vector<int8_t> narrow;
  for (int64_t i = 0; i < elements(shape); ++i) {
    narrow.push_back(static_cast<int8_t>(static_cast<int>(random.below(255)) - 127));
  }
  const std::vector<int16_t> values(narrow.begin(), narrow.end());
  const std::vector<float> scales(static_cast<size_t>(shape[0]), 0.004f);
  const TensorId id = wide ? b.constant(shape, values) : b.constant(shape, narrow);
  b.graph.mutable_tensor(id).quant = QuantParams{scales, std::vector<int32_t>(scales.size(), 0), 0};
  return id;
}

// Two layers over a quantised input, whose channels have scales of their own, and a layer behind
// the last state.
Graph integer_net(DataType input_type, bool wide_weights, bool reverse) {
  Builder b;
  const TensorId x = b.graph.add_tensor("quantized", input_type, {9, 2, 3});
  const float scale = input_type == DataType::kInt32 ? 1e-8f : 1e-4f;
  b.graph.mutable_tensor(x).quant = QuantParams{{scale, 2 * scale, scale / 4}, {0, 0, 0}, 2};
  b.graph.add_node(Quantize{}, "quantize", {b.input({9, 2, 3})}, {x});
  const auto layer = [&](TensorId input, int64_t inputs, bool wide, size_t outputs) {
    std::vector<TensorId> operands{input, integer_weights(b, {48, inputs}, wide, 1),
                                   integer_weights(b, {48, 12}, false, 2)};
    Random random(3);
    operands.push_back(b.constant<float>({48}, random_weights(random, 48)));
    std::vector<TensorId> ids;
    for (size_t i = 0; i < outputs; ++i) {
      ids.push_back(
          b.graph.add_tensor(absl::StrCat("y", b.graph.tensor_ids().size()), DataType::kInt16, {}));
      b.graph.mutable_tensor(ids.back()).quant = state_params();
    }
    const NodeId id = b.graph.add_node(Lstm{12, reverse}, "recurrent", operands, ids);
    EXPECT_TRUE(infer_shapes(b.graph, id).ok());
    return ids;
  };
  const TensorId first = layer(x, 3, wide_weights, 1)[0];
  const std::vector<TensorId> states = layer(first, 12, false, 2);
  const TensorId weights = integer_weights(b, {5, 12}, false, 4);
  const TensorId bias = b.constant<int32_t>({5}, {100000, -100000, 0, 7, 50000});
  const TensorId embedding = b.op(FullyConnected{Activation::kRelu}, {states[1], weights, bias});
  b.graph.mutable_tensor(embedding).quant = per_tensor(1e-4f, 0);
  for (const TensorId id : {first, states[0], embedding}) b.output(b.op(Dequantize{}, {id}));
  return b.graph;
}

TEST(Recurrent, RunsInIntegersAsTheInterpreterDoesOnEveryInstructionSet) {
  for (const DataType type : {DataType::kInt16, DataType::kInt32}) {
    for (const bool wide_weights : {false, true}) {
      const Graph graph = integer_net(type, wide_weights, wide_weights);
      ASSERT_TRUE(verify(graph).ok()) << verify(graph);
      expect_sessions_equal_interpreter(graph, kBudgets, 6);
    }
  }
}

std::string refusal(Graph graph, const std::function<void(Graph&, const Node&)>& change) {
  for (const NodeId id : graph.topological_order()) {
    if (!std::holds_alternative<Lstm>(graph.node(id).op)) continue;
    const Node node = graph.node(id);
    change(graph, node);
    return std::string(lower(graph, id).status().message());
  }
  return "no Lstm";
}

TEST(Recurrent, RefusesIntegersThatItsKernelDoesNotTake) {
  const Graph graph = integer_net(DataType::kInt16, true, false);
  EXPECT_THAT(refusal(graph,
                      [](Graph& g, const Node& node) {
                        g.mutable_tensor(node.outputs[0]).quant = per_tensor(0.01f, 0);
                      }),
              HasSubstr("2^-15"));
  EXPECT_THAT(refusal(graph,
                      [](Graph& g, const Node& node) {
                        g.mutable_tensor(node.inputs[0]).quant->zero_points[1] = 1;
                      }),
              HasSubstr("zero point 0"));
  EXPECT_THAT(refusal(graph,
                      [](Graph& g, const Node& node) {
                        const std::vector<int16_t> full(48 * 3, 21846);
                        std::vector<std::byte> bytes(full.size() * 2);
                        std::memcpy(bytes.data(), full.data(), bytes.size());
                        g.mutable_tensor(node.inputs[1]).data =
                            std::make_shared<const std::vector<std::byte>>(bytes);
                      }),
              HasSubstr("could leave int32"));
}

TEST(Recurrent, HasNoKernelForAnInputOfEightBits) {
  Builder b;
  std::vector<TensorId> inputs{b.int8_input({2, 1, 3}, 0.1f, 0)};
  inputs.push_back(b.weights({8, 3}, std::vector<int8_t>(24, 1), {0.1f}, -1));
  inputs.push_back(b.weights({8, 2}, std::vector<int8_t>(16, 1), {0.1f}, -1));
  const TensorId y = b.graph.add_tensor("y", DataType::kInt16, {});
  const NodeId id = b.graph.add_node(Lstm{2}, "recurrent", inputs, {y});
  EXPECT_THAT(std::string(infer_shapes(b.graph, id).message()),
              HasSubstr("takes float, int16 or int32, not int8"));
}

}  // namespace
}  // namespace durward
