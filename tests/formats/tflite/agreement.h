// Compares what LiteRT makes of an export with the interpreter, which defines the graph's meaning.
#pragma once

#include <gtest/gtest.h>

#include "compile/interpreter.h"
#include "formats/tflite/build.h"

namespace durward {

inline std::vector<Bytes> random_inputs(const Graph& graph, uint64_t seed, float low = -1,
                                        float high = 1) {
  std::vector<Bytes> inputs;
  for (const Port& port : graph.inputs) {
    const int64_t count = elements(graph.tensor(port.tensor).shape);
    inputs.push_back(bytes_of(random_floats(count, seed++, low, high)));
  }
  return inputs;
}

inline absl::StatusOr<std::vector<Bytes>> interpret(const Graph& graph,
                                                    const std::vector<Bytes>& inputs) {
  DURWARD_ASSIGN_OR_RETURN(const Interpreter interpreter, Interpreter::create(graph));
  std::vector<Bytes> outputs;
  for (const Port& port : graph.outputs) {
    const Tensor& tensor = graph.tensor(port.tensor);
    outputs.emplace_back(static_cast<size_t>(elements(tensor.shape) * size_of(tensor.type)));
  }
  const std::vector<std::span<const std::byte>> in(inputs.begin(), inputs.end());
  const std::vector<std::span<std::byte>> out(outputs.begin(), outputs.end());
  DURWARD_RETURN_IF_ERROR(interpreter.run(in, out));
  return outputs;
}

struct Agreement {
  int64_t elements = 0, equal = 0, largest = 0;  // largest difference in steps

  void add(const Agreement& other) {
    elements += other.elements;
    equal += other.equal;
    largest = std::max(largest, other.largest);
  }
  [[nodiscard]] double share() const {
    return static_cast<double>(equal) / static_cast<double>(std::max<int64_t>(elements, 1));
  }
};

// Of the int8 values before each output's Dequantize.
inline Agreement int8_agreement(const Graph& graph, const std::vector<Bytes>& inputs) {
  Agreement agreement;
  const auto expected = interpret(graph, inputs);
  EXPECT_TRUE(expected.ok()) << expected.status();
  const auto actual = export_and_run(graph, inputs);
  EXPECT_TRUE(actual.ok()) << actual.status();
  if (!expected.ok() || !actual.ok()) return agreement;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const NodeId dequantize = graph.producer(graph.outputs[i].tensor);
    const float scale = graph.tensor(graph.node(dequantize).inputs[0]).quant->scales[0];
    const Floats a = values_of<float>((*expected)[i]);
    const Floats b = values_of<float>((*actual)[i]);
    EXPECT_EQ(a.size(), b.size());
    for (size_t e = 0; e < std::min(a.size(), b.size()); ++e) {
      const auto steps = static_cast<int64_t>(std::abs(std::nearbyint((a[e] - b[e]) / scale)));
      agreement.add({1, steps == 0 ? 1 : 0, steps});
    }
  }
  return agreement;
}

inline float float_difference(const Graph& graph, const std::vector<Bytes>& inputs) {
  const auto expected = interpret(graph, inputs);
  EXPECT_TRUE(expected.ok()) << expected.status();
  const auto actual = export_and_run(graph, inputs);
  EXPECT_TRUE(actual.ok()) << actual.status();
  float largest = 0;
  if (!expected.ok() || !actual.ok()) return std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < expected->size(); ++i) {
    largest = std::max(largest, largest_difference(values_of<float>((*expected)[i]),
                                                   values_of<float>((*actual)[i])));
  }
  return largest;
}

}  // namespace durward
