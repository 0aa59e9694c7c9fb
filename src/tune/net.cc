#include "tune/net.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

namespace durward {
namespace {

constexpr float kBelowTie = 0.4999f;
// With inputs of 16 bits, weights of up to 127 and a bias of up to 2^30, sums of so many products
// stay within int32.
constexpr int64_t kDeepestWideLayer = 257;

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

// Tensors that must keep one scale between them: what is only moved, and what is joined.
void TrainableNet::tie_scales() {
  for (const NodeId id : quantised_->topological_order()) {
    const Node& node = quantised_->node(id);
    const bool ties =
        quantised_->op_as<Concat>(id) != nullptr || quantised_->op_as<Reshape>(id) != nullptr ||
        quantised_->op_as<Pad>(id) != nullptr || quantised_->op_as<Transpose>(id) != nullptr ||
        quantised_->op_as<Slice>(id) != nullptr;
    if (!ties || !quantised_->tensor(node.outputs[0]).quant) continue;
    for (const TensorId input : node.inputs) {
      if (!input.valid() || quantised_->tensor(input).constant()) continue;
      const TensorId one = tied_to(input), other = tied_to(node.outputs[0]);
      if (one != other) tied_[one] = other;
    }
  }
}

TensorId TrainableNet::tied_to(TensorId tensor) const {
  for (auto found = tied_.find(tensor); found != tied_.end(); found = tied_.find(tensor)) {
    tensor = found->second;
  }
  return tensor;
}

absl::StatusOr<TrainableNet> TrainableNet::create(const Graph& prepared, const Graph& quantised) {
  TrainableNet net(prepared, quantised);
  DURWARD_RETURN_IF_ERROR(net.check_ports());
  net.floats_.insert(quantised.inputs[0].tensor);
  net.tie_scales();
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
    const Shape& input = graph.tensor(graph.inputs[0].tensor).shape;
    const Shape& vector = graph.tensor(graph.outputs[0].tensor).shape;
    const bool one_of_a_batch = input.size() >= 2 && input[0] == 1;
    if (one_of_a_batch && vector.size() >= 2 && elements(vector) == vector.back() &&
        vector.back() > 1) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "fine-tuning is for models that make one embedding, 1xN, of one picture, one piece of a "
      "recording or one row of features; this one makes ",
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
  const auto [known, added] = scale_of_tied_.emplace(tied_to(tensor), scales_.size());
  scale_of_[tensor] = known->second;
  if (added) {
    const QuantParams& quant = *quantised_->tensor(tensor).quant;
    at::Tensor log_ratio = at::zeros({}, at::kFloat);
    if (trained) add_parameter(Kind::kScale, log_ratio);
    // Of a scale for each channel the largest: the weights that meet them have the rest.
    scales_.push_back({*std::max_element(quant.scales.begin(), quant.scales.end()),
                       quant.zero_points[0],
                       log_ratio,
                       {}});
  }
  if (prepared.valid()) scales_[known->second].tensors.push_back(prepared);
}

bool TrainableNet::add_step(NodeId id) {
  const Node& node = quantised_->node(id);
  const TensorId input = node.inputs[0], output = node.outputs[0];
  if (quantised_->op_as<Quantize>(id) != nullptr) return add_quantize(id);
  if (floats_.contains(input)) return add_flat_move(id);
  if (add_output(id)) return true;
  if (!scale_of_.contains(input) || !in_prepared(output).valid()) return false;
  switch (quantised_->tensor(output).type) {
    case DataType::kInt8:
      return add_layer(id) || add_binary(id) || add_concat(id) || add_move(id);
    case DataType::kInt16:
      return add_lstm(id) || add_layer(id) || add_flat_move(id);
    default:
      return false;
  }
}

bool TrainableNet::add_quantize(NodeId id) {
  const Node& node = quantised_->node(id);
  const TensorId input = node.inputs[0], output = node.outputs[0];
  if (!floats_.contains(input)) return false;
  // A picture has 256 values, for which calibration found the best scale: it stays. So does that
  // of 16 bits, which are enough.
  const bool is_int8 = quantised_->tensor(output).type == DataType::kInt8;
  if (is_int8 && !quantised_->is_input(input)) return false;
  add_scale(output, is_int8 ? prepared_->inputs[0].tensor : TensorId{}, false);
  steps_.emplace_back(QuantizeStep{input, output});
  return true;
}

// The embedding's way out, which may be brought to length 1 behind its integers.
bool TrainableNet::add_output(NodeId id) {
  const Node& node = quantised_->node(id);
  const TensorId output = node.outputs[0];
  if (quantised_->op_as<Dequantize>(id) != nullptr && scale_of_.contains(node.inputs[0])) {
    const std::vector<NodeId>& users = quantised_->consumers(output);
    const bool last = quantised_->is_output(output) ||
                      (users.size() == 1 && quantised_->op_as<L2Normalize>(users[0]) != nullptr);
    if (last) output_ = node.inputs[0];
    return last;
  }
  const auto* normalise = quantised_->op_as<L2Normalize>(id);
  if (normalise == nullptr || !quantised_->is_output(output)) return false;
  const NodeId producer = quantised_->producer(node.inputs[0]);
  const Shape& shape = quantised_->tensor(output).shape;
  const bool along_all = elements(shape) == shape.back() &&
                         (normalise->axis == -1 || normalise->axis + 1 == std::ssize(shape));
  if (!along_all || !producer.valid() || quantised_->op_as<Dequantize>(producer) == nullptr ||
      quantised_->node(producer).inputs[0] != output_) {
    return false;
  }
  normalise_ = *normalise;
  return true;
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
  const bool wide = quantised_->tensor(node.inputs[0]).type == DataType::kInt16;
  if (wide && (!rows || layer->input_channels() > kDeepestWideLayer)) return false;
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

bool TrainableNet::add_binary(NodeId id) {
  const auto* op = quantised_->op_as<Binary>(id);
  if (op == nullptr) return false;
  const bool known =
      op->kind == BinaryKind::kAdd || op->kind == BinaryKind::kSub || op->kind == BinaryKind::kMul;
  const Node& node = quantised_->node(id);
  const size_t rank = quantised_->tensor(node.outputs[0]).shape.size();
  for (const TensorId input : node.inputs) {
    if (quantised_->tensor(input).constant()
            ? !add_constant(input, rank)
            : !scale_of_.contains(input) || quantised_->tensor(input).shape.size() != rank) {
      return false;
    }
  }
  if (!known) return false;
  add_scale(node.outputs[0], in_prepared(node.outputs[0]), true);
  steps_.emplace_back(BinaryStep{*op, node.inputs[0], node.inputs[1], node.outputs[0]});
  return true;
}

// Of an int8 tensor, as a value of the given rank that is the same for every input.
bool TrainableNet::add_constant(TensorId id, size_t rank) {
  const Tensor& tensor = quantised_->tensor(id);
  if (tensor.type != DataType::kInt8 || !tensor.quant || tensor.quant->per_axis() ||
      tensor.shape.size() > rank) {
    return false;
  }
  Shape shape(rank, 1);
  std::copy(tensor.shape.rbegin(), tensor.shape.rend(), shape.rbegin());
  if (shape[0] != 1) return false;
  std::vector<float> codes;
  for (const int8_t value : tensor.values<int8_t>()) {
    codes.push_back(static_cast<float>(value - tensor.quant->zero_points[0]));
  }
  at::Tensor value = copied(codes, shape);
  constants_[id] = rank == 4 ? value.permute({0, 3, 1, 2}) : value;
  if (!scale_of_.contains(id)) add_scale(id, {}, false);
  return true;
}

bool TrainableNet::add_concat(NodeId id) {
  const auto* op = quantised_->op_as<Concat>(id);
  if (op == nullptr) return false;
  const Node& node = quantised_->node(id);
  const TensorId output = node.outputs[0];
  const auto rank = std::ssize(quantised_->tensor(output).shape);
  const int64_t axis = op->axis < 0 ? op->axis + rank : op->axis;
  for (const TensorId input : node.inputs) {
    // A constant's integers would change with the scale.
    if (!scale_of_.contains(input) || quantised_->tensor(input).constant() ||
        quantised_->tensor(input).quant != quantised_->tensor(output).quant) {
      return false;
    }
  }
  if (axis == 0) return false;
  add_scale(output, in_prepared(output), true);
  steps_.emplace_back(ConcatStep{axis, node.inputs, output});
  return true;
}

bool TrainableNet::add_move(NodeId id) {
  const Node& node = quantised_->node(id);
  const TensorId input = node.inputs[0], output = node.outputs[0];
  const bool moves =
      quantised_->op_as<Reshape>(id) != nullptr ||
      (quantised_->op_as<Pad>(id) != nullptr && quantised_->tensor(input).shape.size() == 4);
  if (!moves || quantised_->tensor(input).quant != quantised_->tensor(output).quant) return false;
  add_scale(output, in_prepared(output), true);
  steps_.emplace_back(MoveStep{id, input, output});
  return true;
}

bool TrainableNet::add_flat_move(NodeId id) {
  const Node& node = quantised_->node(id);
  const bool moves = quantised_->op_as<Reshape>(id) != nullptr ||
                     quantised_->op_as<Transpose>(id) != nullptr ||
                     quantised_->op_as<Slice>(id) != nullptr;
  const TensorId output = node.outputs[0];
  if (!moves) return false;
  if (floats_.contains(node.inputs[0])) {
    floats_.insert(output);
  } else {
    add_scale(output, in_prepared(output), true);
  }
  steps_.emplace_back(FlatMoveStep{id, node.inputs[0], output});
  return true;
}

}  // namespace durward
