// Transpose -> Reshape [N,I] -> FullyConnected  =>  Reshape -> FullyConnected with permuted columns
//
// What flattening an image in another order than it is stored in leaves behind; also with a Concat
// of such inputs before the FullyConnected.
#include <numeric>

#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// A Transpose that keeps the first dimension, flattened: what `id` [N,I] is made by.
struct Flattened {
  NodeId reshape, transpose;
};

std::optional<Flattened> flattened_transpose(const Graph& graph, TensorId id) {
  if (shape_of(graph, id).size() != 2 || !graph.used_once(id)) return std::nullopt;
  if (graph.producer_as<Reshape>(id) == nullptr) return std::nullopt;
  const NodeId reshape = graph.producer(id);
  const TensorId turned = graph.node(reshape).inputs[0];
  const auto* transpose = graph.producer_as<Transpose>(turned);
  if (transpose == nullptr || !graph.used_once(turned) || transpose->perm.empty() ||
      transpose->perm[0] != 0 || shape_of(graph, turned)[0] != shape_of(graph, id)[0]) {
    return std::nullopt;
  }
  return Flattened{reshape, graph.producer(turned)};
}

// Which column, in the order of the Transpose's output, each column in the order of its input is.
std::vector<size_t> column_order(const Shape& input, const std::vector<int>& perm) {
  // The stride, in the flattened output, of each input dimension.
  std::vector<size_t> stride(input.size(), 0);
  size_t step = 1;
  for (size_t i = perm.size(); i-- > 1;) {
    stride[static_cast<size_t>(perm[i])] = step;
    step *= static_cast<size_t>(input[static_cast<size_t>(perm[i])]);
  }
  std::vector<size_t> order(step, 0);
  for (size_t column = 0; column < step; ++column) {
    size_t rest = column;
    for (size_t i = input.size(); i-- > 1;) {
      const auto size = static_cast<size_t>(input[i]);
      order[column] += rest % size * stride[i];
      rest /= size;
    }
  }
  return order;
}

bool fold_into(Graph& graph, NodeId layer) {
  const TensorId x = graph.node(layer).inputs[0];
  std::vector<TensorId> parts{x};
  const auto* concat = graph.producer_as<Concat>(x);
  if (concat != nullptr && shape_of(graph, x).size() == 2 && concat->axis == 1 &&
      graph.used_once(x)) {
    parts = graph.node(graph.producer(x)).inputs;
  }
  std::vector<size_t> order;
  std::vector<Flattened> folded;
  for (const TensorId part : parts) {
    const size_t begin = order.size();
    const auto flattened = flattened_transpose(graph, part);
    if (flattened) {
      folded.push_back(*flattened);
      const Node& transpose = graph.node(flattened->transpose);
      for (const size_t column : column_order(shape_of(graph, transpose.inputs[0]),
                                              std::get<Transpose>(transpose.op).perm)) {
        order.push_back(begin + column);
      }
    } else {
      order.resize(begin + static_cast<size_t>(channels_of(graph, part)));
      std::iota(order.begin() + static_cast<std::ptrdiff_t>(begin), order.end(), begin);
    }
  }
  if (folded.empty()) return false;
  const TensorId weights = graph.node(layer).inputs[1];
  const auto old = graph.tensor(weights).values<float>();
  std::vector<float> permuted(old.size());
  for (size_t row = 0; row < old.size(); row += order.size()) {
    for (size_t i = 0; i < order.size(); ++i) permuted[row + i] = old[row + order[i]];
  }
  set_constant(graph, layer, 1, shape_of(graph, weights), permuted, "weights");
  for (const Flattened& part : folded) {
    become(graph, part.reshape, graph.node(part.reshape).op,
           {graph.node(part.transpose).inputs[0]});
  }
  return true;
}

}  // namespace

bool fold_transposes_into_fully_connected(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id) || graph.op_as<FullyConnected>(id) == nullptr ||
        !has_constant_parameters(graph, id))
      continue;
    changed |= fold_into(graph, id);
  }
  return changed;
}

}  // namespace durward
