#include "passes/affine.h"

#include <algorithm>
#include <cmath>

#include "passes/rewrite.h"

namespace durward {
namespace {

std::vector<double> repeated(double value, size_t count) {
  return std::vector<double>(count, value);
}

std::optional<ChannelAffine> batch_norm_affine(const Graph& graph, const Node& node,
                                               const BatchNorm& op, size_t channels) {
  if (static_cast<size_t>(op.axis) + 1 != shape_of(graph, node.inputs[0]).size()) {
    return std::nullopt;
  }
  const auto gamma = constant_floats(graph, node.inputs[1]);
  const auto beta = constant_floats(graph, node.inputs[2]);
  const auto mean = constant_floats(graph, node.inputs[3]);
  const auto variance = constant_floats(graph, node.inputs[4]);
  if (!gamma || !beta || !mean || !variance) return std::nullopt;
  ChannelAffine affine{node.inputs[0], {}, {}};
  for (size_t c = 0; c < channels; ++c) {
    const double deviation = std::sqrt(double{(*variance)[c]} + double{op.epsilon});
    affine.scale.push_back((*gamma)[c] / deviation);
    affine.shift.push_back((*beta)[c] - (*mean)[c] * affine.scale.back());
  }
  return affine;
}

std::optional<ChannelAffine> binary_affine(const Graph& graph, const Node& node, const Binary& op,
                                           size_t channels) {
  if (op.activation != Activation::kNone) return std::nullopt;
  const Shape& shape = shape_of(graph, node.outputs[0]);
  for (const size_t side : {size_t{1}, size_t{0}}) {
    const TensorId x = node.inputs[1 - side];
    const auto constant = channel_values(graph, node.inputs[side], static_cast<int64_t>(channels));
    if (!constant || graph.tensor(x).constant() || shape_of(graph, x) != shape) continue;
    const std::vector<double> c(constant->begin(), constant->end());
    ChannelAffine affine{x, repeated(1, channels), repeated(0, channels)};
    switch (op.kind) {
      case BinaryKind::kAdd:
        affine.shift = c;
        return affine;
      case BinaryKind::kMul:
        affine.scale = c;
        return affine;
      case BinaryKind::kSub:
        // x - c, or c - x
        for (size_t i = 0; i < channels; ++i) {
          affine.scale[i] = side == 1 ? 1 : -1;
          affine.shift[i] = side == 1 ? -c[i] : c[i];
        }
        return affine;
      case BinaryKind::kDiv:
        if (side == 0) return std::nullopt;
        for (size_t i = 0; i < channels; ++i) affine.scale[i] = 1 / c[i];
        return affine;
      case BinaryKind::kPow:
      case BinaryKind::kMaximum:
      case BinaryKind::kMinimum:
      case BinaryKind::kLess:
      case BinaryKind::kGreaterOrEqual:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

// Where a layer's weights lie in memory: which output and which input channel each belongs to.
class WeightLayout {
 public:
  WeightLayout(const Graph& graph, NodeId layer) {
    const Node& node = graph.node(layer);
    const Shape& weights = shape_of(graph, node.inputs[1]);
    const auto inputs = static_cast<size_t>(channels_of(graph, node.inputs[0]));
    if (std::holds_alternative<DepthwiseConv2D>(node.op)) {
      depthwise_ = true;
      outputs_ = static_cast<size_t>(weights[3]);
      multiplier_ = outputs_ / inputs;
      return;
    }
    outputs_ = static_cast<size_t>(weights[0]);
    inner_ = static_cast<size_t>(weights.back());
    per_output_ = static_cast<size_t>(elements(weights)) / outputs_;
    const auto* conv = std::get_if<Conv2D>(&node.op);
    outputs_per_group_ = outputs_ / static_cast<size_t>(conv != nullptr ? conv->groups : 1);
  }
  size_t outputs() const { return outputs_; }
  size_t output_of(size_t element) const {
    return depthwise_ ? element % outputs_ : element / per_output_;
  }
  size_t input_of(size_t element) const {
    if (depthwise_) return element % outputs_ / multiplier_;
    return output_of(element) / outputs_per_group_ * inner_ + element % inner_;
  }

 private:
  bool depthwise_ = false;
  size_t outputs_ = 1, multiplier_ = 1;                        // depthwise: [1,KH,KW,O]
  size_t inner_ = 1, per_output_ = 1, outputs_per_group_ = 1;  // others: [O,...,I/groups]
};

std::vector<double> bias_of(const Graph& graph, NodeId layer, size_t outputs) {
  const std::vector<TensorId>& inputs = graph.node(layer).inputs;
  if (inputs.size() < 3 || !inputs[2].valid()) return repeated(0, outputs);
  const auto values = graph.tensor(inputs[2]).values<float>();
  return {values.begin(), values.end()};
}

void set_parameters(Graph& graph, NodeId layer, const std::vector<float>& weights,
                    const std::vector<double>& bias) {
  const Shape shape = shape_of(graph, graph.node(layer).inputs[1]);
  set_constant(graph, layer, 1, shape, weights, "weights");
  const bool had_bias = graph.node(layer).inputs.size() > 2 && graph.node(layer).inputs[2].valid();
  if (!had_bias && all_zero(bias)) return;
  const std::vector<float> rounded(bias.begin(), bias.end());
  set_constant(graph, layer, 2, {static_cast<int64_t>(rounded.size())}, rounded,
               absl::StrCat(graph.node(layer).name, ".bias"));
}

}  // namespace

std::optional<ChannelAffine> as_affine(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const Tensor& output = graph.tensor(node.outputs[0]);
  if (output.type != DataType::kFloat32 || output.shape.empty()) return std::nullopt;
  const auto channels = static_cast<size_t>(output.shape.back());
  std::optional<ChannelAffine> affine;
  if (const auto* norm = std::get_if<BatchNorm>(&node.op)) {
    affine = batch_norm_affine(graph, node, *norm, channels);
  } else if (const auto* binary = std::get_if<Binary>(&node.op)) {
    affine = binary_affine(graph, node, *binary, channels);
  } else if (const auto* unary = std::get_if<Unary>(&node.op);
             unary != nullptr && unary->kind == UnaryKind::kNeg) {
    affine = ChannelAffine{node.inputs[0], repeated(-1, channels), repeated(0, channels)};
  }
  // A division by 0 or a negative variance must give what it gave.
  if (affine && (!all_finite(affine->scale) || !all_finite(affine->shift))) return std::nullopt;
  return affine;
}

std::optional<ChannelAffine> as_affine_chain(const Graph& graph, TensorId id,
                                             std::vector<NodeId>* chain) {
  NodeId producer = graph.producer(id);
  if (!producer.valid()) return std::nullopt;
  std::optional<ChannelAffine> result = as_affine(graph, producer);
  if (!result) return std::nullopt;
  if (chain != nullptr) chain->push_back(producer);
  while (graph.used_once(result->input)) {
    producer = graph.producer(result->input);
    const auto earlier = producer.valid() ? as_affine(graph, producer) : std::nullopt;
    if (!earlier) break;
    if (chain != nullptr) chain->push_back(producer);
    for (size_t c = 0; c < result->scale.size(); ++c) {
      result->shift[c] += result->scale[c] * earlier->shift[c];
      result->scale[c] *= earlier->scale[c];
    }
    result->input = earlier->input;
  }
  return result;
}

bool all_zero(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
}

bool has_constant_parameters(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (!std::holds_alternative<Conv2D>(node.op) &&
      !std::holds_alternative<DepthwiseConv2D>(node.op) &&
      !std::holds_alternative<FullyConnected>(node.op)) {
    return false;
  }
  if (graph.tensor(node.inputs[0]).type != DataType::kFloat32) return false;
  const bool biased = node.inputs.size() > 2 && node.inputs[2].valid();
  return constant_floats(graph, node.inputs[1]) &&
         (!biased || constant_floats(graph, node.inputs[2])) &&
         elements(shape_of(graph, node.inputs[1])) > 0;
}

std::optional<NodeId> own_layer(const Graph& graph, TensorId id) {
  const NodeId layer = graph.producer(id);
  if (!layer.valid() || !graph.used_once(id) || !has_constant_parameters(graph, layer)) {
    return std::nullopt;
  }
  const bool plain = std::visit(
      [](const auto& op) {
        if constexpr (requires { op.activation; }) return op.activation == Activation::kNone;
        return false;
      },
      graph.node(layer).op);
  return plain ? std::optional(layer) : std::nullopt;
}

std::optional<std::vector<float>> prelu_slope(const Graph& graph, NodeId prelu) {
  const std::vector<TensorId>& inputs = graph.node(prelu).inputs;
  if (graph.tensor(inputs[0]).type != DataType::kFloat32) return std::nullopt;
  auto slope = channel_values(graph, inputs[1], channels_of(graph, inputs[0]));
  if (slope && slope->empty()) return std::nullopt;
  return slope;
}

void scale_outputs(Graph& graph, NodeId layer, std::span<const double> scale,
                   std::span<const double> shift) {
  const WeightLayout layout(graph, layer);
  const auto old = graph.tensor(graph.node(layer).inputs[1]).values<float>();
  std::vector<float> weights(old.begin(), old.end());
  for (size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<float>(weights[i] * scale[layout.output_of(i)]);
  }
  std::vector<double> bias = bias_of(graph, layer, layout.outputs());
  for (size_t o = 0; o < bias.size(); ++o) bias[o] = bias[o] * scale[o] + shift[o];
  set_parameters(graph, layer, weights, bias);
}

void scale_inputs(Graph& graph, NodeId layer, std::span<const double> scale,
                  std::span<const double> shift) {
  const WeightLayout layout(graph, layer);
  const auto old = graph.tensor(graph.node(layer).inputs[1]).values<float>();
  std::vector<float> weights(old.begin(), old.end());
  std::vector<double> bias = bias_of(graph, layer, layout.outputs());
  for (size_t i = 0; i < weights.size(); ++i) {
    const size_t input = layout.input_of(i);
    bias[layout.output_of(i)] += weights[i] * shift[input];
    weights[i] = static_cast<float>(weights[i] * scale[input]);
  }
  set_parameters(graph, layer, weights, bias);
}

}  // namespace durward
