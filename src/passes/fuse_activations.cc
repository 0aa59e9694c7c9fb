// Conv2D | DepthwiseConv2D | FullyConnected -> Relu | Relu6 | PRelu  =>  the layer with activation
// Add -> Relu | Relu6  =>  Add with activation
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

std::optional<Activation> activation_of(const Op& op) {
  if (std::holds_alternative<PRelu>(op)) return Activation::kPRelu;
  const auto* unary = std::get_if<Unary>(&op);
  if (unary == nullptr) return std::nullopt;
  if (unary->kind == UnaryKind::kRelu) return Activation::kRelu;
  if (unary->kind == UnaryKind::kRelu6) return Activation::kRelu6;
  return std::nullopt;
}

// Where the op keeps its activation, if it can take this one.
Activation* slot_for(Op& op, Activation activation) {
  if (auto* conv = std::get_if<Conv2D>(&op)) return &conv->activation;
  if (auto* conv = std::get_if<DepthwiseConv2D>(&op)) return &conv->activation;
  if (auto* layer = std::get_if<FullyConnected>(&op)) return &layer->activation;
  auto* binary = std::get_if<Binary>(&op);
  const bool fits =
      binary != nullptr && binary->kind == BinaryKind::kAdd && activation != Activation::kPRelu;
  return fits ? &binary->activation : nullptr;
}

// The slope as the layer's fourth input, after a bias.
bool add_slope(Graph& graph, NodeId layer, NodeId prelu) {
  const int64_t outputs = channels_of(graph, output_of(graph, layer));
  const TensorId old = graph.node(prelu).inputs[1];
  const auto slope = channel_values(graph, old, outputs);
  if (!slope) return false;
  std::vector<TensorId> inputs = graph.node(layer).inputs;
  inputs.resize(4);
  if (!inputs[2].valid()) {
    const std::vector<float> zeros(slope->size(), 0.0f);
    inputs[2] = graph.add_constant<float>(
        graph.unique_name(absl::StrCat(graph.node(layer).name, ".bias")), {outputs}, zeros);
  }
  const bool fits = shape_of(graph, old) == Shape{outputs};
  inputs[3] = fits ? old
                   : graph.add_constant<float>(graph.unique_name(graph.tensor(old).name), {outputs},
                                               *slope);
  graph.set_inputs(layer, std::move(inputs));
  return true;
}

}  // namespace

bool fuse_activations(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.topological_order()) {
    const auto activation = activation_of(graph.node(id).op);
    if (!activation) continue;
    const TensorId input = graph.node(id).inputs[0];
    const NodeId layer = graph.producer(input);
    if (!layer.valid() || !graph.used_once(input) ||
        graph.tensor(input).type != DataType::kFloat32) {
      continue;
    }
    Activation* slot = slot_for(graph.mutable_op(layer), *activation);
    if (slot == nullptr || *slot != Activation::kNone) continue;
    if (*activation == Activation::kPRelu && !add_slope(graph, layer, id)) continue;
    *slot = *activation;
    forward(graph, output_of(graph, id), input);
    changed = true;
  }
  return changed;
}

}  // namespace durward
