// exp(x - max(x)) / sum(exp(x - max(x)))  =>  Softmax(x)
//
// The largest value and the sum are along the same axis and keep it. TensorFlow 1's PNet, RNet and
// ONet have their softmax in this form.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// The axis of a reduction of this kind of `x` along one axis, which stays with one element.
std::optional<int> reduced_axis(const Graph& graph, TensorId id, ReduceKind kind, TensorId x) {
  const auto* reduce = graph.producer_as<Reduce>(id);
  if (reduce == nullptr || reduce->kind != kind || !reduce->keep_dims) return std::nullopt;
  if (reduce->axes.size() != 1 || graph.node(graph.producer(id)).inputs[0] != x) {
    return std::nullopt;
  }
  return reduce->axes[0];
}

struct Exponentials {
  TensorId x;
  int axis;
};

// exp(x - max(x)).
std::optional<Exponentials> exponentials(const Graph& graph, TensorId id) {
  const auto* unary = graph.producer_as<Unary>(id);
  if (unary == nullptr || unary->kind != UnaryKind::kExp) return std::nullopt;
  const NodeId difference = graph.producer(graph.node(graph.producer(id)).inputs[0]);
  if (!difference.valid() || !is_binary(graph, difference, BinaryKind::kSub)) return std::nullopt;
  const std::vector<TensorId>& inputs = graph.node(difference).inputs;
  const auto axis = reduced_axis(graph, inputs[1], ReduceKind::kMax, inputs[0]);
  if (!axis) return std::nullopt;
  return Exponentials{inputs[0], *axis};
}

}  // namespace

bool recognize_softmax(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (!graph.has_node(id) || !is_binary(graph, id, BinaryKind::kDiv)) continue;
    const std::vector<TensorId> inputs = graph.node(id).inputs;
    const auto found = exponentials(graph, inputs[0]);
    if (!found) continue;
    if (reduced_axis(graph, inputs[1], ReduceKind::kSum, inputs[0]) != found->axis) continue;
    become(graph, id, Softmax{found->axis}, {found->x});
    changed = true;
  }
  return changed;
}

}  // namespace durward
