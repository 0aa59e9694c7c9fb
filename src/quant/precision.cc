#include "quant/precision.h"

#include <algorithm>
#include <map>
#include <set>

#include "quant/layers.h"
#include "quant/scale_groups.h"

namespace durward {

std::string_view to_string(Precision precision) {
  switch (precision) {
    case Precision::kInt8:
      return "int8";
    case Precision::kInt16x8:
      return "int16x8";
    case Precision::kFloat32:
      break;
  }
  return "float32";
}

std::vector<PrecisionUnit> precision_units(const Graph& graph) {
  std::vector<PrecisionUnit> units;
  std::map<NodeId, size_t> unit_of;
  for (const NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    std::optional<size_t> joined;
    for (const TensorId input : node.inputs) {
      const NodeId producer = input.valid() ? graph.producer(input) : NodeId{};
      if (producer.valid()) joined = std::max(joined.value_or(0), unit_of.at(producer));
    }
    std::vector<Precision> candidates = {Precision::kFloat32};
    if (has_int8_kernel(graph, id)) candidates.insert(candidates.begin(), Precision::kInt8);
    if (Layer::of(graph, id) || !joined || units[*joined].candidates != candidates) {
      joined = units.size();
      units.push_back({node.name, std::string(op_name(node.op)), {}, std::move(candidates)});
    }
    units[*joined].nodes.push_back(id);
    unit_of[id] = *joined;
  }
  return units;
}

std::vector<std::string> float_nodes(const Graph& graph, const std::vector<PrecisionUnit>& units,
                                     const std::vector<Precision>& precisions) {
  std::vector<std::string> names;
  for (size_t i = 0; i < units.size(); ++i) {
    if (precisions[i] != Precision::kFloat32) continue;
    for (const NodeId id : units[i].nodes) names.push_back(graph.node(id).name);
  }
  return names;
}

std::vector<std::string> float_nodes_of_copy(const Graph& copy, const Graph& graph,
                                             const std::vector<std::string>& float_nodes) {
  const std::set<std::string> kept(float_nodes.begin(), float_nodes.end());
  std::map<NodeId, bool> in_float;
  std::vector<std::string> names;
  const std::vector<NodeId> order = copy.topological_order();
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Node& node = copy.node(*id);
    const TensorId output = node.outputs[0];
    const bool known = static_cast<size_t>(output.index) < graph.tensor_count();
    const NodeId original = known ? graph.producer(output) : NodeId{};
    bool keep = false;
    if (original.valid()) {
      keep = kept.contains(graph.node(original).name);
    } else {
      // Of what was put in between, as what it leads to.
      const std::vector<NodeId>& consumers = copy.consumers(output);
      keep = std::any_of(consumers.begin(), consumers.end(),
                         [&](NodeId consumer) { return in_float.at(consumer); });
    }
    in_float[*id] = keep;
    if (keep) names.push_back(node.name);
  }
  return names;
}

}  // namespace durward
