// A graph of one node, built from input shapes: what shape tests need.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace durward {

struct Input {
  Shape shape;
  DataType type = DataType::kFloat32;
};

inline absl::StatusOr<std::vector<Shape>> output_shapes(Op op, const std::vector<Input>& inputs,
                                                        int outputs = 1) {
  Graph graph;
  std::vector<TensorId> in, out;
  for (const Input& input : inputs) {
    in.push_back(graph.add_tensor(absl::StrCat("in", in.size()), input.type, input.shape));
  }
  for (int i = 0; i < outputs; ++i) {
    out.push_back(graph.add_tensor(absl::StrCat("out", i), DataType::kFloat32, {}));
  }
  const NodeId id = graph.add_node(std::move(op), "the_node", in, out);
  DURWARD_RETURN_IF_ERROR(infer_shapes(graph, id));
  std::vector<Shape> shapes;
  for (const TensorId tensor : out) shapes.push_back(graph.tensor(tensor).shape);
  return shapes;
}

inline absl::StatusOr<Shape> output_shape(Op op, const std::vector<Input>& inputs) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Shape> shapes, output_shapes(std::move(op), inputs));
  return shapes[0];
}

}  // namespace durward
