// Conv2D with a group for each input channel  =>  DepthwiseConv2D
#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {

bool recognize_depthwise(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.node_ids()) {
    const auto* conv = graph.op_as<Conv2D>(id);
    if (conv == nullptr || !has_constant_parameters(graph, id)) continue;
    const TensorId weights = graph.node(id).inputs[1];
    // [O,KH,KW,1]; with one group a Conv2D of one channel is as good as a DepthwiseConv2D of it.
    const Shape shape = shape_of(graph, weights);
    if (conv->groups == 1 || conv->groups != channels_of(graph, graph.node(id).inputs[0])) continue;
    const auto outputs = static_cast<size_t>(shape[0]);
    const auto window = static_cast<size_t>(shape[1] * shape[2]);
    const auto old = graph.tensor(weights).values<float>();
    std::vector<float> transposed(old.size());
    for (size_t o = 0; o < outputs; ++o) {
      for (size_t k = 0; k < window; ++k) transposed[k * outputs + o] = old[o * window + k];
    }
    const DepthwiseConv2D depthwise{conv->stride_h,   conv->stride_w, conv->dilation_h,
                                    conv->dilation_w, conv->padding,  conv->activation};
    set_constant(graph, id, 1, {1, shape[1], shape[2], shape[0]}, transposed, "weights");
    graph.mutable_op(id) = depthwise;
    changed = true;
  }
  return changed;
}

}  // namespace durward
