#include "quant/quantize.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "quant/layers.h"
#include "quant/lstm.h"
#include "quant/scale_groups.h"

namespace durward {
namespace {

// Which nodes become int8, and which int16.
struct IntegerNodes {
  std::set<NodeId> int8, int16;
};

// Puts its only input's elements elsewhere, of whatever type.
bool only_moves(const Node& node) {
  return std::holds_alternative<Reshape>(node.op) || std::holds_alternative<Slice>(node.op) ||
         std::holds_alternative<Transpose>(node.op);
}

// An Lstm, the fully connected layers behind it, and what moves their outputs.
bool becomes_int16(const Graph& graph, NodeId id, const std::set<NodeId>& int16) {
  if (has_int16_kernel(graph, id)) return true;
  const Node& node = graph.node(id);
  if (only_moves(node)) return int16.contains(graph.producer(node.inputs[0]));
  const auto* layer = std::get_if<FullyConnected>(&node.op);
  return layer != nullptr && has_int8_kernel(graph, id) &&
         (layer->activation == Activation::kNone || layer->activation == Activation::kRelu) &&
         int16.contains(graph.producer(node.inputs[0]));
}

// What normalises 16 bits keeps them: its result in int8 would have 128 steps for 1.
bool would_lose_int16(const Graph& graph, NodeId id, const std::set<NodeId>& int16) {
  const Node& node = graph.node(id);
  return std::holds_alternative<L2Normalize>(node.op) &&
         int16.contains(graph.producer(node.inputs[0]));
}

// What only moves the input of layers of 16 bits stays in float: 8 would be too few for them.
void leave_to_int16(const Graph& graph, IntegerNodes& nodes) {
  std::set<NodeId> left;
  const std::vector<NodeId> order = graph.topological_order();
  for (auto id = order.rbegin(); id != order.rend(); ++id) {
    const Node& node = graph.node(*id);
    if (!nodes.int8.contains(*id) || !only_moves(node) || graph.is_output(node.outputs[0]))
      continue;
    const std::vector<NodeId>& users = graph.consumers(node.outputs[0]);
    const bool wide = std::all_of(users.begin(), users.end(), [&](NodeId user) {
      return nodes.int16.contains(user) || left.contains(user);
    });
    if (!wide) continue;
    left.insert(*id);
    nodes.int8.erase(*id);
  }
}

absl::StatusOr<IntegerNodes> choose_nodes(const Graph& graph, const QuantizeOptions& options) {
  std::set<std::string> keep(options.keep_float.begin(), options.keep_float.end());
  IntegerNodes nodes;
  std::set<std::string> kept;
  for (const NodeId id : graph.topological_order()) {
    const std::string& name = graph.node(id).name;
    if (keep.contains(name)) {
      kept.insert(name);
    } else if (becomes_int16(graph, id, nodes.int16)) {
      nodes.int16.insert(id);
    } else if (has_int8_kernel(graph, id) && !would_lose_int16(graph, id, nodes.int16)) {
      nodes.int8.insert(id);
    }
  }
  for (const std::string& name : keep) {
    if (!kept.contains(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("no node is named '", name, "' to be kept in float"));
    }
  }
  leave_to_int16(graph, nodes);
  return nodes;
}

// The scale and zero point of every activation that is int8 somewhere.
class ActivationParams {
 public:
  ActivationParams(const Graph& graph, const std::set<NodeId>& int8_nodes)
      : graph_(graph), parent_(graph.tensor_count()) {
    std::iota(parent_.begin(), parent_.end(), 0);
    take_trained(int8_nodes);
    for (const NodeId id : graph.topological_order()) {
      if (!int8_nodes.contains(id)) continue;
      const Node& node = graph.node(id);
      const ScaleRule rule = scale_rule(node.op);
      if (rule == ScaleRule::kFixed) fixed_[node.outputs[0]] = *fixed_params(node.op);
      if (rule == ScaleRule::kEqual) join(node);
    }
  }

  absl::Status choose(const Calibration& calibration, const std::set<TensorId>& tensors,
                      const ObserverOptions& options) {
    std::map<int32_t, std::vector<TensorId>> groups;
    for (const TensorId id : tensors) groups[root(id)].push_back(id);
    for (const auto& [leader, members] : groups) {
      std::vector<const TensorStatistics*> statistics;
      for (const TensorId id : members) {
        if (fixed_.contains(id)) continue;
        const auto seen = calibration.tensors.find(id);
        if (seen == calibration.tensors.end()) {
          return absl::InvalidArgumentError(
              absl::StrCat("the calibration has no statistics of tensor '", graph_.tensor(id).name,
                           "': it was made for another graph"));
        }
        statistics.push_back(&seen->second);
      }
      if (!statistics.empty()) chosen_[leader] = observe(statistics, options);
    }
    return absl::OkStatus();
  }

  [[nodiscard]] const QuantParams& of(TensorId id) const {
    const auto fixed = fixed_.find(id);
    return fixed != fixed_.end() ? fixed->second : chosen_.at(root(id));
  }

 private:
  [[nodiscard]] int32_t root(TensorId id) const {
    int32_t index = id.index;
    while (parent_[static_cast<size_t>(index)] != index)
      index = parent_[static_cast<size_t>(index)];
    return index;
  }

  [[nodiscard]] bool is_activation(TensorId id) const {
    return id.valid() && !graph_.tensor(id).constant() &&
           graph_.tensor(id).type == DataType::kFloat32;
  }

  // What training found; also for what only an op with equal scales takes on to such a tensor.
  void take_trained(const std::set<NodeId>& int8_nodes) {
    for (const TensorId id : graph_.tensor_ids()) {
      const std::optional<QuantParams>& trained = graph_.tensor(id).trained;
      if (is_activation(id) && trained) fixed_[id] = *trained;
    }
    const std::vector<NodeId> order = graph_.topological_order();
    for (auto id = order.rbegin(); id != order.rend(); ++id) {
      const Node& node = graph_.node(*id);
      const bool passes_on = int8_nodes.contains(*id) && scale_rule(node.op) == ScaleRule::kEqual &&
                             node.outputs.size() == 1 && activations_of(node) == 1;
      if (!passes_on || !graph_.used_once(node.inputs[0])) continue;
      const auto after = fixed_.find(node.outputs[0]);
      if (after != fixed_.end()) fixed_.try_emplace(node.inputs[0], after->second);
    }
  }

  [[nodiscard]] int64_t activations_of(const Node& node) const {
    return std::count_if(node.inputs.begin(), node.inputs.end(),
                         [this](TensorId id) { return is_activation(id); });
  }

  // Fixed parameters pass through an op with one input, if its output has none; where several
  // inputs meet, one with fixed parameters is requantised and does not decide for the others.
  void join(const Node& node) {
    if (activations_of(node) == 1 && fixed_.contains(node.inputs[0])) {
      for (const TensorId output : node.outputs) {
        fixed_.try_emplace(output, fixed_.at(node.inputs[0]));
      }
      return;
    }
    const int32_t leader = root(node.outputs[0]);
    const auto merge = [&](TensorId id) {
      if (is_activation(id) && !fixed_.contains(id))
        parent_[static_cast<size_t>(root(id))] = leader;
    };
    std::for_each(node.inputs.begin(), node.inputs.end(), merge);
    std::for_each(node.outputs.begin(), node.outputs.end(), merge);
  }

  const Graph& graph_;
  std::vector<int32_t> parent_;  // union-find over tensors
  std::map<TensorId, QuantParams> fixed_;
  std::map<int32_t, QuantParams> chosen_;  // by the group's root
};

// Builds the quantised graph node by node in topological order.
class Builder {
 public:
  Builder(const Graph& graph, const Calibration& calibration, const QuantizeOptions& options,
          const IntegerNodes& nodes, const ActivationParams& params)
      : graph_(graph),
        calibration_(calibration),
        options_(options),
        nodes_(nodes),
        params_(params) {}

  absl::StatusOr<Graph> build() && {
    result_.name = graph_.name;
    for (const Port& port : graph_.inputs) {
      const Tensor& tensor = graph_.tensor(port.tensor);
      // The int8 tensor that follows takes the float tensor's name, if there is one.
      const TensorId id =
          result_.add_tensor(result_.unique_name(tensor.name), tensor.type, tensor.shape);
      as_is_[port.tensor] = id;
      result_.inputs.push_back({id, port.name, port.layout});
    }
    for (const NodeId id : graph_.topological_order()) {
      DURWARD_RETURN_IF_ERROR(nodes_.int8.contains(id)    ? add_int8(id)
                              : nodes_.int16.contains(id) ? add_int16(id)
                                                          : add_float(id));
    }
    for (const Port& port : graph_.outputs) {
      result_.outputs.push_back({as_is(port.tensor), port.name, port.layout});
    }
    result_.remove_dead_nodes();
    result_.compact();
    DURWARD_RETURN_IF_ERROR(verify(result_));
    return std::move(result_);
  }

 private:
  // The tensor with the type that it has in the float graph.
  TensorId as_is(TensorId id) {
    if (!id.valid()) return {};
    const auto found = as_is_.find(id);
    if (found != as_is_.end()) return found->second;
    const Tensor& tensor = graph_.tensor(id);
    if (tensor.constant()) {
      Tensor copy = tensor;
      copy.name = result_.unique_name(tensor.name);
      return as_is_[id] = result_.add_tensor(std::move(copy));
    }
    const TensorId real = result_.add_tensor(
        result_.unique_name(absl::StrCat(tensor.name, "_dequantized")), tensor.type, tensor.shape);
    const auto wide = int16_.find(id);
    result_.add_node(Dequantize{}, absl::StrCat(tensor.name, "/dequantize"),
                     {wide != int16_.end() ? wide->second : int8_.at(id)}, {real});
    return as_is_[id] = real;
  }

  TensorId add_int8_tensor(TensorId id, std::string_view suffix) {
    const Tensor& tensor = graph_.tensor(id);
    Tensor quantized{result_.unique_name(absl::StrCat(tensor.name, std::string(suffix))),
                     DataType::kInt8, tensor.shape, params_.of(id), nullptr};
    return result_.add_tensor(std::move(quantized));
  }

  TensorId as_int8(TensorId id) {
    const auto found = int8_.find(id);
    if (found != int8_.end()) return found->second;
    const TensorId quantized = add_int8_tensor(id, "_quantized");
    result_.add_node(Quantize{}, absl::StrCat(graph_.tensor(id).name, "/quantize"), {as_is(id)},
                     {quantized});
    return int8_[id] = quantized;
  }

  // The input with the parameters that the output of an op with equal scales has: a change of scale
  // is a Dequantize with a Quantize behind it.
  TensorId requantized(TensorId id, const QuantParams& wanted) {
    const TensorId quantized = as_int8(id);
    if (*result_.tensor(quantized).quant == wanted) return quantized;
    const Tensor& tensor = graph_.tensor(id);
    const TensorId real = result_.add_tensor(
        result_.unique_name(absl::StrCat(tensor.name, "_real")), tensor.type, tensor.shape);
    Tensor changed{result_.unique_name(absl::StrCat(tensor.name, "_rescaled")), DataType::kInt8,
                   tensor.shape, wanted, nullptr};
    const TensorId rescaled = result_.add_tensor(std::move(changed));
    result_.add_node(Dequantize{}, absl::StrCat(tensor.name, "/rescale_from"), {quantized}, {real});
    result_.add_node(Quantize{}, absl::StrCat(tensor.name, "/rescale_to"), {real}, {rescaled});
    return rescaled;
  }

  // A constant operand of an elementwise op: its own range, or the given parameters.
  absl::StatusOr<TensorId> int8_constant(TensorId id, const std::optional<QuantParams>& wanted,
                                         const Node& user) {
    const Tensor& tensor = graph_.tensor(id);
    const auto values = tensor.values<float>();
    double lowest = 0, highest = 0;
    for (const float value : values) {
      if (!std::isfinite(value)) {
        return absl::InvalidArgumentError(
            absl::StrCat("'", user.name, "': constant '", tensor.name, "' holds ", value));
      }
      lowest = std::min(lowest, double{value});
      highest = std::max(highest, double{value});
    }
    const QuantParams params = wanted ? *wanted : params_for_range(lowest, highest);
    std::vector<std::byte> bytes(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const double q = double{std::nearbyint(values[i] / params.scales[0])} + params.zero_points[0];
      const auto clamped = static_cast<int8_t>(std::clamp(q, -128.0, 127.0));
      std::memcpy(&bytes[i], &clamped, 1);
    }
    const TensorId constant =
        result_.add_constant(result_.unique_name(absl::StrCat(tensor.name, "_quantized")),
                             DataType::kInt8, tensor.shape, std::move(bytes));
    result_.mutable_tensor(constant).quant = params;
    return constant;
  }

  absl::Status add_float(NodeId id) {
    const Node& node = graph_.node(id);
    std::vector<TensorId> inputs, outputs;
    for (const TensorId input : node.inputs) inputs.push_back(as_is(input));
    for (const TensorId output : node.outputs) {
      const Tensor& tensor = graph_.tensor(output);
      Tensor copy{result_.unique_name(tensor.name), tensor.type, tensor.shape, tensor.quant,
                  nullptr};
      outputs.push_back(as_is_[output] = result_.add_tensor(std::move(copy)));
    }
    result_.add_node(node.op, node.name, std::move(inputs), std::move(outputs));
    return absl::OkStatus();
  }

  absl::Status add_int8(NodeId id) {
    if (const std::optional<Layer> layer = Layer::of(graph_, id)) return add_layer(*layer);
    const Node& node = graph_.node(id);
    const bool equal = scale_rule(node.op) == ScaleRule::kEqual;
    const std::optional<QuantParams> wanted =
        equal ? std::optional(params_.of(node.outputs[0])) : std::nullopt;
    const bool slopes = std::holds_alternative<PRelu>(node.op);
    std::vector<TensorId> inputs, outputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const TensorId input = node.inputs[i];
      const bool real = input.valid() && graph_.tensor(input).type == DataType::kFloat32;
      if (!real || (slopes && i == 1)) {
        inputs.push_back(as_is(input));
      } else if (graph_.tensor(input).constant()) {
        DURWARD_ASSIGN_OR_RETURN(const TensorId constant, int8_constant(input, wanted, node));
        inputs.push_back(constant);
      } else {
        inputs.push_back(wanted ? requantized(input, *wanted) : as_int8(input));
      }
    }
    for (const TensorId output : node.outputs) {
      outputs.push_back(int8_[output] = add_int8_tensor(output, ""));
    }
    result_.add_node(node.op, node.name, std::move(inputs), std::move(outputs));
    return absl::OkStatus();
  }

  absl::Status add_layer(const Layer& layer) {
    const Node& node = graph_.node(layer.id());
    const TensorId input = as_int8(node.inputs[0]);
    const TensorId output = add_int8_tensor(node.outputs[0], "");
    const QuantParams in = *result_.tensor(input).quant;
    WeightContext context{
        in.scales[0], result_.tensor(output).quant->scales[0], in.zero_points[0], {}, nullptr};
    const auto seen = calibration_.tensors.find(node.inputs[0]);
    if (options_.correct_bias && seen != calibration_.tensors.end()) {
      context.input_mean = seen->second.mean;
    }
    context.moments = moments_of(patch_source(graph_, layer));
    DURWARD_ASSIGN_OR_RETURN(std::vector<TensorId> inputs, add_weights(layer, context));
    inputs.insert(inputs.begin(), input);
    if (layer.activation() == Activation::kPRelu) inputs.push_back(as_is(node.inputs[kSlopeInput]));
    int8_[node.outputs[0]] = output;
    result_.add_node(node.op, node.name, std::move(inputs), {output});
    return absl::OkStatus();
  }

  [[nodiscard]] const PatchMoments* moments_of(const PatchSource& source) const {
    if (options_.layer_inputs == nullptr) return nullptr;
    const auto met = options_.layer_inputs->find(source);
    return met == options_.layer_inputs->end() ? nullptr : &met->second;
  }

  // The layer's weights and bias as constants.
  absl::StatusOr<std::vector<TensorId>> add_weights(const Layer& layer,
                                                    const WeightContext& context) {
    const Node& node = graph_.node(layer.id());
    DURWARD_ASSIGN_OR_RETURN(QuantizedWeights quantized,
                             quantize_weights(graph_, layer, options_.weights, context));
    const Tensor& weights = graph_.tensor(node.inputs[kWeightsInput]);
    const std::vector<int32_t> zeros(quantized.scales.size(), 0);
    std::vector<float> bias_scales;
    for (const float scale : quantized.scales) bias_scales.push_back(context.input_scale * scale);
    const TensorId weights_id =
        result_.add_constant(result_.unique_name(weights.name), weights.shape,
                             std::span<const int8_t>(quantized.weights));
    result_.mutable_tensor(weights_id).quant =
        QuantParams{std::move(quantized.scales), zeros, layer.weights_axis()};
    const TensorId bias_id =
        result_.add_constant(result_.unique_name(absl::StrCat(node.name, "/bias")),
                             {layer.output_channels()}, std::span<const int32_t>(quantized.bias));
    result_.mutable_tensor(bias_id).quant = QuantParams{std::move(bias_scales), zeros, 0};
    return std::vector<TensorId>{weights_id, bias_id};
  }

  TensorId add_tensor(std::string_view name, DataType type, const Shape& shape,
                      QuantParams params) {
    Tensor tensor{result_.unique_name(std::string(name)), type, shape, std::move(params), nullptr};
    return result_.add_tensor(std::move(tensor));
  }

  // The tensor with 16 bits or more: what another such layer left, or quantised now.
  TensorId as_wide(TensorId id, DataType type, const QuantParams& params) {
    const auto found = int16_.find(id);
    if (found != int16_.end()) return found->second;
    const Tensor& tensor = graph_.tensor(id);
    const TensorId quantized =
        add_tensor(absl::StrCat(tensor.name, "_wide"), type, tensor.shape, params);
    result_.add_node(Quantize{}, absl::StrCat(tensor.name, "/quantize_wide"), {as_is(id)},
                     {quantized});
    return quantized;
  }

  absl::Status add_int16(NodeId id) {
    if (const std::optional<Layer> layer = Layer::of(graph_, id)) return add_layer_int16(*layer);
    const Node& node = graph_.node(id);
    if (only_moves(node)) return add_moved_int16(node);
    const LstmContext context{.input_is_state = int16_.contains(node.inputs[0]),
                              .correct_bias = options_.correct_bias,
                              .input = moments_of(sequence_source(graph_, node.inputs[0])),
                              .state = moments_of(sequence_source(graph_, node.outputs[0]))};
    DURWARD_ASSIGN_OR_RETURN(const QuantizedLstm lstm,
                             quantize_lstm(graph_, id, calibration_, context));
    std::vector<TensorId> inputs{as_wide(node.inputs[0], lstm.input_type, lstm.input)};
    const Tensor& weights = graph_.tensor(node.inputs[1]);
    const Tensor& recurrent = graph_.tensor(node.inputs[2]);
    const std::vector<int32_t> zeros(lstm.weights_scales.size(), 0);
    const std::vector<int8_t> narrow(lstm.weights.begin(), lstm.weights.end());
    const std::string name = result_.unique_name(weights.name);
    inputs.push_back(
        lstm.weights_type == DataType::kInt16
            ? result_.add_constant(name, weights.shape, std::span<const int16_t>(lstm.weights))
            : result_.add_constant(name, weights.shape, std::span<const int8_t>(narrow)));
    result_.mutable_tensor(inputs.back()).quant = QuantParams{lstm.weights_scales, zeros, 0};
    inputs.push_back(result_.add_constant(result_.unique_name(recurrent.name), recurrent.shape,
                                          std::span<const int8_t>(lstm.recurrent)));
    result_.mutable_tensor(inputs.back()).quant = QuantParams{lstm.recurrent_scales, zeros, 0};
    if (!lstm.bias.empty()) {
      inputs.push_back(result_.add_constant(result_.unique_name(absl::StrCat(node.name, "/bias")),
                                            {static_cast<int64_t>(lstm.bias.size())},
                                            std::span<const float>(lstm.bias)));
    } else if (node.inputs.size() > 3) {
      inputs.push_back(as_is(node.inputs[3]));
    }
    std::vector<TensorId> outputs;
    for (const TensorId output : node.outputs) {
      const Tensor& tensor = graph_.tensor(output);
      outputs.push_back(int16_[output] = add_tensor(tensor.name, DataType::kInt16, tensor.shape,
                                                    hidden_state_params()));
    }
    result_.add_node(node.op, node.name, std::move(inputs), std::move(outputs));
    return absl::OkStatus();
  }

  absl::Status add_moved_int16(const Node& node) {
    const TensorId input = int16_.at(node.inputs[0]);
    const Tensor& real = graph_.tensor(node.outputs[0]);
    const TensorId output =
        add_tensor(real.name, DataType::kInt16, real.shape, *result_.tensor(input).quant);
    int16_[node.outputs[0]] = output;
    result_.add_node(node.op, node.name, {input}, {output});
    return absl::OkStatus();
  }

  // A fully connected layer with inputs and outputs of 16 bits.
  absl::Status add_layer_int16(const Layer& layer) {
    const Node& node = graph_.node(layer.id());
    const auto seen = calibration_.tensors.find(node.outputs[0]);
    if (seen == calibration_.tensors.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the calibration has no statistics of tensor '",
                       graph_.tensor(node.outputs[0]).name, "': it was made for another graph"));
    }
    // Room for values twice as large as were seen: it costs one bit of 16.
    const float largest = std::max(std::abs(seen->second.lowest()), seen->second.highest());
    const std::optional<QuantParams>& trained = graph_.tensor(node.outputs[0]).trained;
    // One that was trained for 16 bits; of int8 no more than 255 steps are ever seen.
    const bool keeps = trained && !trained->per_axis() && trained->zero_points[0] == 0 &&
                       largest > 1024 * trained->scales[0];
    const float scale = keeps ? trained->scales[0] : largest > 0 ? largest / 16384 : 1;
    const TensorId input = int16_.at(node.inputs[0]);
    const Tensor& real = graph_.tensor(node.outputs[0]);
    const TensorId output = add_tensor(real.name, DataType::kInt16, real.shape, {{scale}, {0}, -1});
    WeightContext context{result_.tensor(input).quant->scales[0], scale, 0, {}, nullptr};
    const auto met = calibration_.tensors.find(node.inputs[0]);
    if (options_.correct_bias && met != calibration_.tensors.end()) {
      context.input_mean = met->second.mean;
    }
    context.moments = moments_of(patch_source(graph_, layer));
    DURWARD_ASSIGN_OR_RETURN(std::vector<TensorId> inputs, add_weights(layer, context));
    inputs.insert(inputs.begin(), input);
    int16_[node.outputs[0]] = output;
    result_.add_node(node.op, node.name, std::move(inputs), {output});
    return absl::OkStatus();
  }

  const Graph& graph_;
  const Calibration& calibration_;
  const QuantizeOptions& options_;
  const IntegerNodes& nodes_;
  const ActivationParams& params_;
  Graph result_;
  std::map<TensorId, TensorId> as_is_, int8_, int16_;  // from the float graph's tensors
};

// Activations that an int8 node reads or writes.
std::set<TensorId> int8_tensors(const Graph& graph, const std::set<NodeId>& int8_nodes) {
  std::set<TensorId> tensors;
  const auto add = [&](TensorId id) {
    if (!id.valid()) return;
    const Tensor& tensor = graph.tensor(id);
    if (!tensor.constant() && tensor.type == DataType::kFloat32) tensors.insert(id);
  };
  for (const NodeId id : int8_nodes) {
    const Node& node = graph.node(id);
    std::for_each(node.inputs.begin(), node.inputs.end(), add);
    std::for_each(node.outputs.begin(), node.outputs.end(), add);
  }
  return tensors;
}

}  // namespace

absl::StatusOr<Graph> quantize(const Graph& graph, const Calibration& calibration,
                               const QuantizeOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const IntegerNodes nodes, choose_nodes(graph, options));
  ActivationParams params(graph, nodes.int8);
  DURWARD_RETURN_IF_ERROR(
      params.choose(calibration, int8_tensors(graph, nodes.int8), options.activations));
  return Builder(graph, calibration, options, nodes, params).build();
}

std::vector<NodeId> float_islands(const Graph& quantized) {
  std::vector<NodeId> islands;
  for (const NodeId id : quantized.topological_order()) {
    const Node& node = quantized.node(id);
    const bool boundary =
        std::holds_alternative<Quantize>(node.op) || std::holds_alternative<Dequantize>(node.op);
    if (!boundary && quantized.tensor(node.outputs[0]).type == DataType::kFloat32) {
      islands.push_back(id);
    }
  }
  return islands;
}

}  // namespace durward
