// Builds small graphs and runs them in the reference interpreter, so that a test can ask whether a
// rewrite kept what a graph computes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "compile/interpreter.h"
#include "graph/graph.h"

namespace durward {

inline std::vector<float> random_floats(int64_t count, float lowest, float highest,
                                        Random& random) {
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    value = static_cast<float>(lowest + (highest - lowest) * random.uniform());
  }
  return values;
}

// The outputs of a float graph, one after another, on inputs drawn from [-2, 2] by the seed.
inline absl::StatusOr<std::vector<float>> evaluate(const Graph& graph, uint64_t seed = 7) {
  DURWARD_ASSIGN_OR_RETURN(const Interpreter interpreter, Interpreter::create(graph));
  Random random(seed);
  std::vector<std::vector<float>> inputs, outputs;
  std::vector<std::span<const std::byte>> in;
  std::vector<std::span<std::byte>> out;
  for (const Port& port : graph.inputs) {
    inputs.push_back(random_floats(elements(graph.tensor(port.tensor).shape), -2, 2, random));
  }
  for (const Port& port : graph.outputs) {
    outputs.emplace_back(static_cast<size_t>(elements(graph.tensor(port.tensor).shape)));
  }
  for (const auto& values : inputs) in.push_back(std::as_bytes(std::span(values)));
  for (auto& values : outputs) out.push_back(std::as_writable_bytes(std::span(values)));
  DURWARD_RETURN_IF_ERROR(interpreter.run(in, out));
  std::vector<float> all;
  for (const auto& values : outputs) all.insert(all.end(), values.begin(), values.end());
  return all;
}

inline double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    // Written so that a NaN counts as a difference.
    const double difference = std::fabs(double{a[i]} - double{b[i]});
    if (!(difference <= largest)) largest = std::isnan(difference) ? INFINITY : difference;
  }
  return largest;
}

// The ops of the graph in topological order.
inline std::vector<std::string> ops(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.topological_order()) {
    names.emplace_back(op_name(graph.node(id).op));
  }
  return names;
}

class GraphBuilder {
 public:
  TensorId input(Shape shape) {
    const std::string name = absl::StrCat("input", graph.inputs.size());
    const TensorId id = graph.add_tensor(name, DataType::kFloat32, std::move(shape));
    graph.inputs.push_back({id, name, PortLayout::kAsIs});
    return id;
  }
  TensorId constant(Shape shape, const std::vector<float>& values) {
    return graph.add_constant<float>(graph.unique_name("c"), std::move(shape),
                                     std::span<const float>(values));
  }
  TensorId scalar(float value) { return constant({}, {value}); }
  TensorId random(Shape shape, float lowest = -1, float highest = 1) {
    const int64_t count = elements(shape);
    return constant(std::move(shape), random_floats(count, lowest, highest, random_));
  }
  TensorId add(Op op, std::vector<TensorId> inputs) {
    const std::string name = graph.unique_name(std::string(op_name(op)));
    const auto id = graph.add_op(std::move(op), name, std::move(inputs));
    EXPECT_TRUE(id.ok()) << id.status();
    return *id;
  }
  TensorId binary(BinaryKind kind, TensorId a, TensorId b) { return add(Binary{kind}, {a, b}); }
  TensorId unary(UnaryKind kind, TensorId x) { return add(Unary{kind}, {x}); }
  TensorId batch_norm(TensorId x, int64_t channels, int axis = -1) {
    return add(BatchNorm{.axis = axis}, {x, random({channels}), random({channels}),
                                         random({channels}), random({channels}, 0.5, 2)});
  }
  void output(TensorId id) {
    graph.outputs.push_back({id, absl::StrCat("output", graph.outputs.size()), PortLayout::kAsIs});
  }

  Graph graph;

 private:
  Random random_{42};
};

// Runs `rewrite` on the builder's graph, expects it to verify and to compute the same, and gives
// the ops that are left.
template <typename Rewrite>
std::vector<std::string> ops_after(GraphBuilder& builder, const Rewrite& rewrite,
                                   double tolerance = 1e-5) {
  EXPECT_TRUE(verify(builder.graph).ok()) << verify(builder.graph);
  const auto before = evaluate(builder.graph);
  EXPECT_TRUE(before.ok()) << before.status();
  rewrite(builder.graph);
  EXPECT_TRUE(verify(builder.graph).ok()) << verify(builder.graph);
  const auto after = evaluate(builder.graph);
  EXPECT_TRUE(after.ok()) << after.status();
  if (before.ok() && after.ok()) {
    EXPECT_LE(largest_difference(*before, *after), tolerance) << to_string(builder.graph);
  }
  return ops(builder.graph);
}

}  // namespace durward
