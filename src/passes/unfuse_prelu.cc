// Conv2D | DepthwiseConv2D | FullyConnected with PRelu  =>  the layer -> PRelu
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {

bool unfuse_prelu(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.node_ids()) {
    const bool fused = std::visit(
        [](auto& op) {
          if constexpr (requires { op.activation; }) {
            if (op.activation != Activation::kPRelu) return false;
            op.activation = Activation::kNone;
            return true;
          }
          return false;
        },
        graph.mutable_op(id));
    if (!fused) continue;
    std::vector<TensorId> inputs = graph.node(id).inputs;
    const TensorId slope = inputs[3];
    inputs.resize(3);
    graph.set_inputs(id, std::move(inputs));
    const TensorId y = output_of(graph, id);
    Tensor z = graph.tensor(y);
    z.trained.reset();  // of the value behind the PRelu
    z.name = graph.unique_name(absl::StrCat(z.name, ".before_prelu"));
    const TensorId before = graph.add_tensor(std::move(z));
    graph.set_output(id, before);
    const std::string name = graph.unique_name(absl::StrCat(graph.node(id).name, ".prelu"));
    graph.add_node(PRelu{}, name, {before, slope}, {y});
    changed = true;
  }
  return changed;
}

}  // namespace durward
