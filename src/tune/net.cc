#include "tune/net.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

namespace durward {
namespace {

constexpr float kBelowTie = 0.4999f;

at::Tensor copied(std::span<const float> values, const Shape& shape) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  std::copy(values.begin(), values.end(), tensor.data_ptr<float>());
  return tensor;
}

std::string ports_text(const Graph& graph, const std::vector<Port>& ports) {
  if (ports.size() == 1) return to_string(graph.tensor(ports[0].tensor).shape);
  return absl::StrCat(ports.size(), " tensors");
}

}  // namespace

TrainableNet::TrainableNet(const Graph& prepared, const Graph& quantised)
    : prepared_(&prepared), quantised_(&quantised) {
  for (const TensorId id : prepared.tensor_ids()) {
    prepared_by_name_.emplace(prepared.tensor(id).name, id);
  }
}

absl::StatusOr<TrainableNet> TrainableNet::create(const Graph& prepared, const Graph& quantised) {
  TrainableNet net(prepared, quantised);
  DURWARD_RETURN_IF_ERROR(net.check_ports());
  std::vector<std::string> untrainable;
  for (const NodeId id : quantised.topological_order()) {
    if (net.add_step(id)) continue;
    const Node& node = quantised.node(id);
    untrainable.push_back(absl::StrCat("'", node.name, "' (", std::string(op_name(node.op)), ")"));
  }
  if (untrainable.empty()) return net;
  return absl::UnimplementedError(
      absl::StrCat("these nodes cannot be fine-tuned: ", absl::StrJoin(untrainable, ", "),
                   "; docs/fine-tuning.md lists those that can"));
}

absl::Status TrainableNet::check_ports() const {
  const Graph& graph = *quantised_;
  if (graph.inputs.size() == 1 && graph.outputs.size() == 1) {
    const Shape& image = graph.tensor(graph.inputs[0].tensor).shape;
    const Shape& vector = graph.tensor(graph.outputs[0].tensor).shape;
    if (image.size() == 4 && image[0] == 1 && vector.size() >= 2 &&
        elements(vector) == vector.back() && vector.back() > 1) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "fine-tuning is for models that make one embedding, 1xN, of one picture; this one makes ",
      ports_text(graph, graph.outputs), " of ", ports_text(graph, graph.inputs)));
}

TensorId TrainableNet::in_prepared(TensorId tensor) const {
  const auto found = prepared_by_name_.find(quantised_->tensor(tensor).name);
  return found == prepared_by_name_.end() ? TensorId{} : found->second;
}

at::Tensor TrainableNet::add_parameter(Kind kind, at::Tensor value) {
  value.requires_grad_(true);
  parameters_.push_back({kind, value});
  return value;
}

void TrainableNet::add_scale(TensorId tensor, TensorId prepared, bool trained) {
  const QuantParams& quant = *quantised_->tensor(tensor).quant;
  at::Tensor log_ratio = at::zeros({}, at::kFloat);
  if (trained) add_parameter(Kind::kScale, log_ratio);
  scale_of_[tensor] = scales_.size();
  scales_.push_back({quant.scales[0], quant.zero_points[0], log_ratio, {prepared}});
}

bool TrainableNet::add_step(NodeId id) {
  const Node& node = quantised_->node(id);
  const TensorId output = node.outputs[0];
  if (quantised_->op_as<Quantize>(id) != nullptr && quantised_->is_input(node.inputs[0])) {
    // A picture has 256 values, for which calibration found the best scale: it stays.
    add_scale(output, prepared_->inputs[0].tensor, false);
    input_ = output;
    return true;
  }
  if (!scale_of_.contains(node.inputs[0])) return false;
  if (quantised_->op_as<Dequantize>(id) != nullptr && quantised_->is_output(output)) {
    output_ = node.inputs[0];
    return true;
  }
  if (quantised_->tensor(output).type != DataType::kInt8 || !in_prepared(output).valid()) {
    return false;
  }
  return add_layer(id) || add_sum(id) || add_move(id);
}

bool TrainableNet::add_layer(NodeId id) {
  const Node& node = quantised_->node(id);
  const TensorId floats = in_prepared(node.outputs[0]);
  const NodeId producer = prepared_->producer(floats);
  const std::optional<Layer> layer =
      producer.valid() ? Layer::of(*prepared_, producer) : std::nullopt;
  if (!layer) return false;
  const bool rows = prepared_->op_as<FullyConnected>(producer) != nullptr;
  if (rows && prepared_->tensor(prepared_->node(producer).inputs[0]).shape.size() != 2)
    return false;
  const Tensor& weights = prepared_->tensor(prepared_->node(producer).inputs[kWeightsInput]);
  const Tensor& integers = quantised_->tensor(node.inputs[kWeightsInput]);
  const Tensor& bias = quantised_->tensor(node.inputs[kBiasInput]);
  add_scale(node.outputs[0], floats, true);

  const Shape channels{layer->output_channels()};
  LayerStep step{.layer = *layer, .input = node.inputs[0], .output = node.outputs[0]};
  step.initial_scales = copied(integers.quant->scales, channels);
  Shape meets_weights(weights.shape.size(), 1);
  meets_weights[static_cast<size_t>(layer->weights_axis())] = channels[0];
  const at::Tensor exact =
      copied(weights.values<float>(), weights.shape) / step.initial_scales.view(meets_weights);
  const at::Tensor rounded = torch::tensor(c10::ArrayRef<int8_t>(integers.values<int8_t>().data(),
                                                                 integers.values<int8_t>().size()),
                                           at::kFloat)
                                 .view(weights.shape);
  // Fractions may come out on the other side of a tie than in quantize(), which divides in double.
  step.weights = add_parameter(Kind::kWeight,
                               at::max(at::min(exact, rounded + kBelowTie), rounded - kBelowTie));
  std::vector<float> bias_in_output_scales;
  for (size_t c = 0; c < bias.values<int32_t>().size(); ++c) {
    bias_in_output_scales.push_back(
        static_cast<float>(double{bias.quant->scales[c]} * bias.values<int32_t>()[c] /
                           double{quantised_->tensor(node.outputs[0]).quant->scales[0]}));
  }
  step.bias = add_parameter(Kind::kBias, copied(bias_in_output_scales, channels));
  step.log_ratio = add_parameter(Kind::kScale, at::zeros(channels, at::kFloat));
  if (layer->activation() == Activation::kPRelu) {
    const Tensor& slope = quantised_->tensor(node.inputs[kSlopeInput]);
    step.slope = add_parameter(Kind::kSlope, copied(slope.values<float>(), channels));
  }
  steps_.emplace_back(std::move(step));
  return true;
}

bool TrainableNet::add_sum(NodeId id) {
  const Node& node = quantised_->node(id);
  const auto* sum = quantised_->op_as<Binary>(id);
  if (sum == nullptr || sum->kind != BinaryKind::kAdd || !scale_of_.contains(node.inputs[1]) ||
      quantised_->tensor(node.inputs[0]).shape != quantised_->tensor(node.inputs[1]).shape) {
    return false;
  }
  add_scale(node.outputs[0], in_prepared(node.outputs[0]), true);
  steps_.emplace_back(AddStep{node.inputs[0], node.inputs[1], node.outputs[0], sum->activation});
  return true;
}

bool TrainableNet::add_move(NodeId id) {
  const Node& node = quantised_->node(id);
  const TensorId input = node.inputs[0], output = node.outputs[0];
  const bool moves =
      quantised_->op_as<Reshape>(id) != nullptr ||
      (quantised_->op_as<Pad>(id) != nullptr && quantised_->tensor(input).shape.size() == 4);
  if (!moves || quantised_->tensor(input).quant != quantised_->tensor(output).quant) return false;
  scale_of_[output] = scale_of_.at(input);
  scales_[scale_of_.at(input)].tensors.push_back(in_prepared(output));
  steps_.emplace_back(MoveStep{id, input, output});
  return true;
}

}  // namespace durward
