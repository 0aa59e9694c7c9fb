// BatchNorm on [N,H,W,C]  =>  DepthwiseConv2D 1x1;  on other shapes  =>  Mul -> Add
//
// For a BatchNorm that folded into no layer. As a depthwise convolution its scales quantise
// exactly, one per channel, and its shifts to int32, in one op with one rounding that may take an
// activation in; the constants of a Mul and an Add would each be quantised to int8 by one scale for
// all channels, with a rounding after each.
#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {

bool lower_batch_norms(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.node_ids()) {
    if (graph.op_as<BatchNorm>(id) == nullptr) continue;
    const auto affine = as_affine(graph, id);
    if (!affine || affine->scale.empty()) continue;
    const std::vector<float> scale(affine->scale.begin(), affine->scale.end());
    const std::vector<float> shift(affine->shift.begin(), affine->shift.end());
    const auto channels = static_cast<int64_t>(scale.size());
    const bool image = shape_of(graph, affine->input).size() == 4;
    const std::string name = graph.node(id).name;
    const TensorId weights = graph.add_constant<float>(
        graph.unique_name(absl::StrCat(name, image ? ".weights" : ".scale")),
        image ? Shape{1, 1, 1, channels} : Shape{channels}, scale);
    const TensorId bias = graph.add_constant<float>(
        graph.unique_name(absl::StrCat(name, image ? ".bias" : ".shift")), {channels}, shift);
    if (image) {
      become(graph, id, DepthwiseConv2D{}, {affine->input, weights, bias});
    } else {
      const auto scaled =
          graph.add_op(Binary{BinaryKind::kMul}, graph.unique_name(name), {affine->input, weights});
      if (!scaled.ok()) continue;
      become(graph, id, Binary{BinaryKind::kAdd}, {*scaled, bias});
    }
    changed = true;
  }
  return changed;
}

}  // namespace durward
