#include <string_view>
#include <unordered_set>

#include "graph/graph.h"
#include "graph/shape_inference.h"
#include "graph/tensor_checks.h"

namespace durward {
namespace {

using graph_detail::check_extent;
using graph_detail::check_quant;
using graph_detail::infer_output_types;
using graph_detail::InferredTypes;

template <typename... Parts>
absl::Status fault(const Parts&... parts) {
  return absl::InternalError(absl::StrCat("the graph is inconsistent: ", parts...));
}

absl::Status as_fault(const absl::Status& status) { return fault(std::string(status.message())); }

class Verifier {
 public:
  explicit Verifier(const Graph& graph)
      : graph_(graph), used_(graph.tensor_count(), false), uses_(graph.tensor_count(), 0) {}

  absl::Status run() {
    DURWARD_RETURN_IF_ERROR(check_ids());
    DURWARD_RETURN_IF_ERROR(check_producers());
    DURWARD_RETURN_IF_ERROR(check_sources());
    DURWARD_RETURN_IF_ERROR(check_tensors());
    if (graph_.topological_order().size() != graph_.node_count()) return report_cycle();
    return check_nodes();
  }

 private:
  bool in_range(TensorId id) const {
    return id.valid() && static_cast<size_t>(id.index) < graph_.tensor_count();
  }
  static size_t at(TensorId id) { return static_cast<size_t>(id.index); }

  // Everything later relies on ids that can be followed.
  absl::Status check_ids() {
    for (const NodeId id : graph_.node_ids()) {
      const Node& node = graph_.node(id);
      for (const TensorId input : node.inputs) {
        if (!input.valid()) continue;
        if (!in_range(input)) return fault("node '", node.name, "' has an input out of range");
        used_[at(input)] = true;
        ++uses_[at(input)];
      }
      if (node.outputs.empty()) return fault("node '", node.name, "' has no output");
      for (const TensorId output : node.outputs) {
        if (!in_range(output)) return fault("node '", node.name, "' has an output out of range");
        used_[at(output)] = true;
      }
    }
    for (const Port& port : graph_.inputs) {
      if (!in_range(port.tensor)) return fault("graph input '", port.name, "' is out of range");
      used_[at(port.tensor)] = true;
    }
    if (graph_.outputs.empty()) return fault("it has no output");
    for (const Port& port : graph_.outputs) {
      if (!in_range(port.tensor)) return fault("graph output '", port.name, "' is out of range");
      used_[at(port.tensor)] = true;
    }
    return absl::OkStatus();
  }

  absl::Status check_producers() {
    std::vector<bool> produced(graph_.tensor_count(), false);
    for (const NodeId id : graph_.node_ids()) {
      for (const TensorId output : graph_.node(id).outputs) {
        if (produced[at(output)] || graph_.producer(output) != id) {
          return fault("tensor '", graph_.tensor(output).name, "' has more than one producer");
        }
        produced[at(output)] = true;
      }
    }
    for (const TensorId id : graph_.tensor_ids()) {
      if (graph_.producer(id).valid() && !produced[at(id)]) {
        return fault("tensor '", graph_.tensor(id).name, "' names a producer that is gone");
      }
      if (graph_.consumers(id).size() != uses_[at(id)]) {
        return fault("tensor '", graph_.tensor(id).name, "' lists ", graph_.consumers(id).size(),
                     " uses, has ", uses_[at(id)]);
      }
    }
    return absl::OkStatus();
  }

  // A tensor comes from one place: a node, the caller (a graph input), or its own data.
  absl::Status check_sources() {
    std::vector<bool> is_input(graph_.tensor_count(), false);
    for (const Port& port : graph_.inputs) {
      if (is_input[at(port.tensor)]) return fault("'", port.name, "' is a graph input twice");
      is_input[at(port.tensor)] = true;
    }
    for (const TensorId id : graph_.tensor_ids()) {
      if (!used_[at(id)]) continue;
      const Tensor& tensor = graph_.tensor(id);
      const int sources = static_cast<int>(is_input[at(id)]) +
                          static_cast<int>(graph_.producer(id).valid()) +
                          static_cast<int>(tensor.constant());
      if (sources == 0) {
        return fault("tensor '", tensor.name, "' is used, but nothing produces it");
      }
      if (sources > 1) {
        return fault("tensor '", tensor.name,
                     "' is more than one of graph input, constant and node output");
      }
    }
    return absl::OkStatus();
  }

  absl::Status check_tensors() {
    std::unordered_set<std::string_view> names;
    for (const TensorId id : graph_.tensor_ids()) {
      if (!used_[at(id)]) continue;
      const Tensor& tensor = graph_.tensor(id);
      if (!names.insert(tensor.name).second) {
        return fault("two tensors are named '", tensor.name, "'");
      }
      if (const absl::Status status = check_extent(tensor); !status.ok()) return as_fault(status);
      if (const absl::Status status = check_quant(tensor); !status.ok()) return as_fault(status);
    }
    return absl::OkStatus();
  }

  absl::Status report_cycle() const {
    std::vector<bool> ordered;
    for (const NodeId id : graph_.topological_order()) {
      const auto index = static_cast<size_t>(id.index);
      if (index >= ordered.size()) ordered.resize(index + 1, false);
      ordered[index] = true;
    }
    for (const NodeId id : graph_.node_ids()) {
      const auto index = static_cast<size_t>(id.index);
      if (index >= ordered.size() || !ordered[index]) {
        return fault("node '", graph_.node(id).name, "' is in or behind a cycle");
      }
    }
    return fault("it has a cycle");
  }

  absl::Status check_nodes() const {
    for (const NodeId id : graph_.node_ids()) {
      const Node& node = graph_.node(id);
      const InferredTypes types = infer_output_types(graph_, node);
      if (!types.ok()) return as_fault(types.status());
      for (size_t i = 0; i < types->size(); ++i) {
        const Tensor& output = graph_.tensor(node.outputs[i]);
        if (output.type == (*types)[i].type && output.shape == (*types)[i].shape) continue;
        return fault("output '", output.name, "' of node '", node.name, "' is ",
                     std::string(to_string(output.type)), "[", to_string(output.shape),
                     "], should be ", std::string(to_string((*types)[i].type)), "[",
                     to_string((*types)[i].shape), "]");
      }
      const bool quantizes = std::holds_alternative<Quantize>(node.op);
      if ((quantizes && !graph_.tensor(node.outputs[0]).quant) ||
          (std::holds_alternative<Dequantize>(node.op) && !graph_.tensor(node.inputs[0]).quant)) {
        return fault("node '", node.name, "' (", std::string(op_name(node.op)),
                     ") has no scale and zero point on its ", quantizes ? "output" : "input");
      }
    }
    return absl::OkStatus();
  }

  const Graph& graph_;
  std::vector<bool> used_;    // by a node or a port
  std::vector<size_t> uses_;  // as node inputs
};

}  // namespace

absl::Status verify(const Graph& graph) { return Verifier(graph).run(); }

}  // namespace durward
