// Small graphs for the tests of lowering and of the interpreter.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace durward {

inline QuantParams per_tensor(float scale, int32_t zero_point) {
  return {{scale}, {zero_point}, -1};
}

// A graph op by op; its names are numbers.
class Builder {
 public:
  Graph graph;

  TensorId input(Shape shape, DataType type = DataType::kFloat32) {
    const TensorId id = graph.add_tensor("x" + std::to_string(graph.inputs.size()), type, shape);
    graph.inputs.push_back({id, graph.tensor(id).name, PortLayout::kAsIs});
    return id;
  }
  TensorId int8_input(Shape shape, float scale, int32_t zero_point) {
    const TensorId id = input(std::move(shape), DataType::kInt8);
    graph.mutable_tensor(id).quant = per_tensor(scale, zero_point);
    return id;
  }
  template <typename T>
  TensorId constant(Shape shape, const std::vector<T>& values) {
    return graph.add_constant("c" + std::to_string(graph.tensor_ids().size()), std::move(shape),
                              std::span<const T>(values));
  }
  TensorId weights(Shape shape, const std::vector<int8_t>& values, std::vector<float> scales,
                   int axis) {
    const TensorId id = constant(std::move(shape), values);
    const std::vector<int32_t> zeros(scales.size(), 0);
    graph.mutable_tensor(id).quant = QuantParams{std::move(scales), zeros, axis};
    return id;
  }
  TensorId op(Op op, std::vector<TensorId> inputs) {
    auto result =
        graph.add_op(std::move(op), "n" + std::to_string(graph.node_count()), std::move(inputs));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value();
  }
  // The same with an int8 output.
  TensorId op(Op op_value, std::vector<TensorId> inputs, float scale, int32_t zero_point) {
    const TensorId id = op(std::move(op_value), std::move(inputs));
    graph.mutable_tensor(id).type = DataType::kInt8;
    graph.mutable_tensor(id).quant = per_tensor(scale, zero_point);
    return id;
  }
  void output(TensorId id) {
    graph.outputs.push_back({id, graph.tensor(id).name, PortLayout::kAsIs});
  }
};

}  // namespace durward
