// A chain of Mul, Add, Sub, Div by constants  =>  Mul -> Add, or one of the two
//
// The order stays Mul before Add; a chain that is as short already stays as it is.
#include <algorithm>

#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// A constant to multiply by or to add: a scalar where all channels agree.
TensorId add_factor(Graph& graph, const std::string& name, const std::vector<double>& values) {
  const bool uniform = std::all_of(values.begin(), values.end(),
                                   [&values](double value) { return value == values[0]; });
  std::vector<float> floats(values.begin(), uniform ? values.begin() + 1 : values.end());
  Shape shape = uniform ? Shape{} : Shape{static_cast<int64_t>(floats.size())};
  return graph.add_constant<float>(graph.unique_name(name), std::move(shape), floats);
}

}  // namespace

bool merge_affines(Graph& graph) {
  bool changed = false;
  std::vector<NodeId> order = graph.topological_order();
  // From the end, so that each chain is met at its last node.
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const NodeId id = *it;
    if (!graph.has_node(id)) continue;
    std::vector<NodeId> chain;
    const auto affine = as_affine_chain(graph, output_of(graph, id), &chain);
    if (!affine || affine->scale.empty()) continue;
    const bool scales = std::any_of(affine->scale.begin(), affine->scale.end(),
                                    [](double scale) { return scale != 1; });
    const bool shifts = !all_zero(affine->shift);
    const size_t needed = static_cast<size_t>(scales) + static_cast<size_t>(shifts);
    if (needed == 0 || chain.size() <= needed) continue;
    const std::string name = graph.node(id).name;
    TensorId x = affine->input;
    if (scales && shifts) {
      const TensorId scale = add_factor(graph, absl::StrCat(name, ".scale"), affine->scale);
      const auto scaled =
          graph.add_op(Binary{BinaryKind::kMul}, graph.unique_name(name), {x, scale});
      if (!scaled.ok()) continue;
      x = *scaled;
    }
    const TensorId last = shifts ? add_factor(graph, absl::StrCat(name, ".shift"), affine->shift)
                                 : add_factor(graph, absl::StrCat(name, ".scale"), affine->scale);
    become(graph, id, Binary{shifts ? BinaryKind::kAdd : BinaryKind::kMul}, {x, last});
    changed = true;
  }
  return changed;
}

}  // namespace durward
