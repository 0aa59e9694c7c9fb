// a = op(x), b = op(x)  =>  a = op(x), used for b too; likewise for equal constants
#include <functional>
#include <string_view>
#include <unordered_map>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

size_t mix(size_t hash, size_t value) { return hash * 0x9e3779b97f4a7c15u + value; }

bool same_constant(const Tensor& a, const Tensor& b) {
  return a.type == b.type && a.shape == b.shape && a.quant == b.quant &&
         (a.data == b.data || *a.data == *b.data);
}

size_t hash_constant(const Tensor& tensor) {
  const std::string_view bytes(reinterpret_cast<const char*>(tensor.data->data()),
                               tensor.data->size());
  return mix(std::hash<std::string_view>{}(bytes), static_cast<size_t>(tensor.type));
}

bool unify_constants(Graph& graph) {
  std::unordered_multimap<size_t, TensorId> seen;
  bool changed = false;
  for (const TensorId id : graph.tensor_ids()) {
    const Tensor& tensor = graph.tensor(id);
    if (!tensor.constant() || graph.consumers(id).empty()) continue;
    const size_t hash = hash_constant(tensor);
    const auto [first, last] = seen.equal_range(hash);
    const auto same = std::find_if(first, last, [&](const auto& entry) {
      return same_constant(graph.tensor(entry.second), tensor);
    });
    if (same == last) {
      seen.emplace(hash, id);
    } else if (!graph.is_output(id)) {
      graph.replace_all_uses(id, same->second);
      changed = true;
    }
  }
  return changed;
}

bool same_value(const Graph& graph, NodeId a, NodeId b) {
  const Node& first = graph.node(a);
  const Node& second = graph.node(b);
  if (first.op != second.op || first.inputs != second.inputs ||
      first.outputs.size() != second.outputs.size()) {
    return false;
  }
  for (size_t i = 0; i < first.outputs.size(); ++i) {
    const Tensor& x = graph.tensor(first.outputs[i]);
    const Tensor& y = graph.tensor(second.outputs[i]);
    if (x.type != y.type || x.quant != y.quant) return false;
    // Each graph output keeps a tensor of its own.
    if (graph.is_output(first.outputs[i]) && graph.is_output(second.outputs[i])) return false;
  }
  return true;
}

bool unify_nodes(Graph& graph) {
  std::unordered_multimap<size_t, NodeId> seen;
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    size_t hash = node.op.index();
    for (const TensorId input : node.inputs) hash = mix(hash, static_cast<size_t>(input.index));
    const auto [first, last] = seen.equal_range(hash);
    const auto same = std::find_if(
        first, last, [&](const auto& entry) { return same_value(graph, entry.second, id); });
    if (same == last) {
      seen.emplace(hash, id);
      continue;
    }
    const std::vector<TensorId> outputs = node.outputs;
    const std::vector<TensorId> kept = graph.node(same->second).outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
      take_trained(graph, outputs[i], kept[i]);
      graph.replace_all_uses(outputs[i], kept[i]);
    }
    graph.remove_node(id);
    changed = true;
  }
  return changed;
}

}  // namespace

bool eliminate_common_nodes(Graph& graph) {
  const bool constants = unify_constants(graph);
  const bool nodes = unify_nodes(graph);
  return constants || nodes;
}

}  // namespace durward
