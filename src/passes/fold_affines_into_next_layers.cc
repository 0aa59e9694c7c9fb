// BatchNorm | Mul | Add | Sub | Div by constants -> Conv2D | DepthwiseConv2D | FullyConnected
//   =>  the layer with scaled weights and bias
//
// The scale always folds. The shift folds where the layer pads nothing. Padding puts zeros around
// scale * x + shift, which is -shift / scale around x: where that is one value for all channels, an
// explicit Pad by it lets the shift fold too, at no more nodes than before, and leaves the model's
// input as it came: the integers of an image, which quantisation then keeps exactly. (x - 127.5) /
// 128 before a padded convolution becomes a Pad by 127.5. Where it is a value per channel, the
// shift stays as one Add.
#include <algorithm>
#include <cmath>

#include "passes/affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// The layer's padding, if it has any.
Padding* padding_of(Op& op) {
  if (auto* conv = std::get_if<Conv2D>(&op)) return &conv->padding;
  if (auto* conv = std::get_if<DepthwiseConv2D>(&op)) return &conv->padding;
  return nullptr;
}

// The shift in units of x: y = scale * (x + offset). Empty where a scale is 0.
std::vector<float> offsets_of(const ChannelAffine& affine) {
  std::vector<float> offsets;
  for (size_t c = 0; c < affine.scale.size(); ++c) {
    const auto offset = static_cast<float>(affine.shift[c] / affine.scale[c]);
    if (!std::isfinite(offset)) return {};
    offsets.push_back(offset);
  }
  return offsets;
}

TensorId pad_explicitly(Graph& graph, NodeId layer, TensorId x, float value) {
  Padding& padding = *padding_of(graph.mutable_op(layer));
  Pad pad{{0, padding.top, padding.left, 0}, {0, padding.bottom, padding.right, 0}, value};
  padding = {};
  const std::string name = graph.unique_name(absl::StrCat(graph.node(layer).name, ".pad"));
  return *graph.add_op(std::move(pad), name, {x});
}

void set_data_input(Graph& graph, NodeId layer, TensorId x) {
  const TensorId former = graph.node(layer).inputs[0];
  graph.set_input(layer, 0, x);
  remove_if_unused(graph, former);
}

bool fold_into(Graph& graph, NodeId layer) {
  const TensorId scaled = graph.node(layer).inputs[0];
  if (!graph.used_once(scaled)) return false;
  std::vector<NodeId> chain;
  const auto affine = as_affine_chain(graph, scaled, &chain);
  if (!affine) return false;
  const Padding* padding = padding_of(graph.mutable_op(layer));
  if (padding == nullptr || *padding == Padding{} || all_zero(affine->shift)) {
    scale_inputs(graph, layer, affine->scale, affine->shift);
    set_data_input(graph, layer, affine->input);
    return true;
  }
  const std::vector<float> offsets = offsets_of(*affine);
  if (offsets.empty()) return false;
  const bool one_value = std::all_of(offsets.begin(), offsets.end(),
                                     [&offsets](float offset) { return offset == offsets[0]; });
  if (one_value) {
    scale_inputs(graph, layer, affine->scale, affine->shift);
    const TensorId padded = pad_explicitly(graph, layer, affine->input, -offsets[0]);
    set_data_input(graph, layer, padded);
    return true;
  }
  // An Add alone has nothing to fold.
  const bool scales = std::any_of(affine->scale.begin(), affine->scale.end(),
                                  [](double scale) { return scale != 1; });
  if (!scales && chain.size() == 1) return false;
  const std::vector<double> no_shift(offsets.size(), 0.0);
  const std::string name = graph.node(chain.front()).name;
  const TensorId constant =
      graph.add_constant<float>(graph.unique_name(absl::StrCat(name, ".offset")),
                                {static_cast<int64_t>(offsets.size())}, offsets);
  scale_inputs(graph, layer, affine->scale, no_shift);
  become(graph, chain.front(), Binary{BinaryKind::kAdd}, {affine->input, constant});
  return true;
}

}  // namespace

bool fold_affines_into_next_layers(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    if (graph.has_node(id) && has_constant_parameters(graph, id)) {
      changed |= fold_into(graph, id);
    }
  }
  return changed;
}

}  // namespace durward
