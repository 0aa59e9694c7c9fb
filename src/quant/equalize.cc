#include "quant/equalize.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "quant/layers.h"

namespace durward {
namespace {

// A channel that is a thousandth as wide as the widest is not blown up any further.
constexpr double kSmallestFactor = 1e-3;

// Tensors that must have the same factors, and the layers on both sides. Behind a Reshape that
// flattens an image, channel i of a tensor or layer has the factor of channel i % channels.
struct Family {
  std::vector<TensorId> tensors;
  std::vector<Layer> makers;
  std::vector<Layer> users;
  int64_t channels = 0;
  bool relu6 = false;
};

bool plain_add(const Graph& graph, NodeId id) {
  const auto* binary = graph.op_as<Binary>(id);
  if (binary == nullptr || binary->kind != BinaryKind::kAdd ||
      binary->activation == Activation::kRelu6) {
    return false;
  }
  const Node& node = graph.node(id);
  const Shape& shape = graph.tensor(node.outputs[0]).shape;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](TensorId input) {
    return !graph.tensor(input).constant() && graph.tensor(input).shape == shape;
  });
}

// The tensors joined with `start` by additions, from either side.
std::vector<TensorId> joined_by_add(const Graph& graph, TensorId start) {
  std::vector<TensorId> tensors{start};
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto join = [&](NodeId add) {
      const Node& node = graph.node(add);
      for (const TensorId id : {node.inputs[0], node.inputs[1], node.outputs[0]}) {
        if (std::find(tensors.begin(), tensors.end(), id) == tensors.end()) tensors.push_back(id);
      }
    };
    const NodeId producer = graph.producer(tensors[i]);
    if (producer.valid() && plain_add(graph, producer)) join(producer);
    for (const NodeId consumer : graph.consumers(tensors[i])) {
      if (plain_add(graph, consumer)) join(consumer);
    }
  }
  return tensors;
}

// Adds the layers that use `tensor`; false where something else uses it.
bool add_users(const Graph& graph, TensorId tensor, Family& family) {
  if (graph.is_output(tensor)) return false;
  for (const NodeId consumer : graph.consumers(tensor)) {
    if (plain_add(graph, consumer)) continue;
    const TensorId output = graph.node(consumer).outputs[0];
    if (graph.op_as<Reshape>(consumer) != nullptr) {
      // NHWC keeps channels innermost: only fully connected layers see them regrouped.
      const bool to_layers =
          !graph.is_output(output) &&
          std::all_of(graph.consumers(output).begin(), graph.consumers(output).end(),
                      [&](NodeId id) { return graph.op_as<FullyConnected>(id) != nullptr; }) &&
          graph.tensor(output).shape.back() % family.channels == 0;
      if (!to_layers || !add_users(graph, output, family)) return false;
      family.tensors.push_back(output);
      continue;
    }
    const std::optional<Layer> layer = Layer::of(graph, consumer);
    if (!layer || graph.node(consumer).inputs[0] != tensor ||
        layer->input_channels() % family.channels != 0) {
      return false;
    }
    family.users.push_back(*layer);
  }
  return true;
}

// The family of a tensor, or nothing where a factor cannot pass.
std::optional<Family> family_of(const Graph& graph, TensorId start) {
  Family family;
  family.channels = graph.tensor(start).shape.back();
  const std::vector<TensorId> joined = joined_by_add(graph, start);
  family.tensors = joined;
  for (const TensorId tensor : joined) {
    const NodeId producer = graph.producer(tensor);
    if (!producer.valid()) return {};
    if (!plain_add(graph, producer)) {
      const std::optional<Layer> layer = Layer::of(graph, producer);
      if (!layer || layer->output_channels() != family.channels) return {};
      if (layer->activation() == Activation::kRelu6) family.relu6 = true;
      family.makers.push_back(*layer);
    }
    if (!add_users(graph, tensor, family)) return {};
  }
  if (family.users.empty()) return {};
  return family;
}

struct ChannelRange {
  double lowest = 0, highest = 0;
  [[nodiscard]] double magnitude() const { return std::max(-lowest, highest); }
};

std::vector<ChannelRange> channel_ranges(const Family& family, const Calibration& calibration) {
  std::vector<ChannelRange> ranges(static_cast<size_t>(family.channels));
  for (const TensorId id : family.tensors) {
    const TensorStatistics& seen = calibration.tensors.at(id);
    for (size_t i = 0; i < seen.minimum.size(); ++i) {
      ChannelRange& range = ranges[i % ranges.size()];
      range.lowest = std::min(range.lowest, double{seen.minimum[i]});
      range.highest = std::max(range.highest, double{seen.maximum[i]});
    }
  }
  return ranges;
}

// Factors with which every channel fits [-ratio, 1] exactly. The ratio is the one for which the
// common step is finest in relation to each channel's own width, in the mean square: a few channels
// that go far below zero must not take half of the range from all others.
std::vector<double> fill_range(const std::vector<ChannelRange>& ranges) {
  std::vector<double> best;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= 40; ++step) {
    const double ratio = std::exp2(-5 + step * 0.25);
    std::vector<double> factors;
    double cost = 0;
    for (const ChannelRange& range : ranges) {
      factors.push_back(std::max(range.highest, -range.lowest / ratio));
      const double width = range.highest - range.lowest;
      if (width == 0) continue;
      const double relative = factors.back() * (1 + ratio) / width;
      cost += relative * relative;
    }
    if (cost >= least) continue;
    least = cost;
    best = std::move(factors);
  }
  return best;
}

// How large the weights on each channel are in the dense layers that use it: the largest share of
// an output's largest weight.
std::vector<double> weight_shares(const Graph& graph, const Family& family) {
  std::vector<double> shares(static_cast<size_t>(family.channels), 0.0);
  for (const Layer& layer : family.users) {
    if (layer.depthwise()) continue;
    const auto weights = graph.tensor(graph.node(layer.id()).inputs[kWeightsInput]).values<float>();
    std::vector<double> largest(static_cast<size_t>(layer.output_channels()), 0.0);
    for (size_t i = 0; i < weights.size(); ++i) {
      double& value = largest[static_cast<size_t>(layer.output_channel(static_cast<int64_t>(i)))];
      value = std::max(value, std::abs(double{weights[i]}));
    }
    for (size_t i = 0; i < weights.size(); ++i) {
      const auto index = static_cast<int64_t>(i);
      const double row = largest[static_cast<size_t>(layer.output_channel(index))];
      if (row == 0) continue;
      double& share = shares[static_cast<size_t>(layer.input_channel(index) % family.channels)];
      share = std::max(share, std::abs(double{weights[i]}) / row);
    }
  }
  return shares;
}

std::vector<double> choose_factors(const Graph& graph, const Family& family,
                                   const Calibration& calibration, const EqualizeOptions& options) {
  const std::vector<ChannelRange> ranges = channel_ranges(family, calibration);
  const bool free = std::all_of(family.users.begin(), family.users.end(),
                                [](const Layer& layer) { return layer.depthwise(); });
  std::vector<double> factors;
  if (family.relu6) {
    // Only where nothing else is at stake, and never narrower.
    if (!free || family.tensors.size() != 1 || options.relu6_margin <= 0) return {};
    for (const ChannelRange& range : ranges) {
      factors.push_back(std::clamp(range.highest * options.relu6_margin / 6, kSmallestFactor, 1.0));
    }
    return factors;
  }
  factors = fill_range(ranges);
  if (!free) {
    const std::vector<double> shares = weight_shares(graph, family);
    for (size_t c = 0; c < factors.size(); ++c) {
      factors[c] = std::pow(factors[c], options.activation_share) /
                   std::pow(std::max(shares[c], kSmallestFactor), 1 - options.activation_share);
    }
  }
  const double largest = *std::max_element(factors.begin(), factors.end());
  if (largest <= 0 || !std::isfinite(largest)) return {};
  for (double& factor : factors) factor = std::max(factor / largest, kSmallestFactor);
  // The mean stays one, on a logarithmic scale: values keep their order of magnitude.
  double logarithm = 0;
  for (const double factor : factors) logarithm += std::log(factor);
  const double mean = std::exp(logarithm / static_cast<double>(factors.size()));
  for (double& factor : factors) factor /= mean;
  return factors;
}

// Gives the node a changed copy of one of its constants: value i is multiplied by factor(i).
template <typename Factor>
void scale_constant(Graph& graph, NodeId id, size_t input, const Factor& factor) {
  const Tensor& old = graph.tensor(graph.node(id).inputs[input]);
  const auto values = old.values<float>();
  std::vector<float> scaled(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    scaled[i] = static_cast<float>(values[i] * factor(static_cast<int64_t>(i)));
  }
  const std::string name = graph.unique_name(old.name);
  const Shape shape = old.shape;
  graph.set_input(id, input, graph.add_constant(name, shape, std::span<const float>(scaled)));
}

void apply(Graph& graph, const Family& family, const std::vector<double>& factors) {
  const auto factor = [&](int64_t channel) {
    return factors[static_cast<size_t>(channel % family.channels)];
  };
  for (const Layer& layer : family.makers) {
    scale_constant(graph, layer.id(), kWeightsInput,
                   [&](int64_t i) { return 1 / factor(layer.output_channel(i)); });
    const std::vector<TensorId>& inputs = graph.node(layer.id()).inputs;
    if (inputs.size() <= kBiasInput || !inputs[kBiasInput].valid()) continue;
    scale_constant(graph, layer.id(), kBiasInput, [&](int64_t i) { return 1 / factor(i); });
  }
  for (const Layer& layer : family.users) {
    scale_constant(graph, layer.id(), kWeightsInput,
                   [&](int64_t i) { return factor(layer.input_channel(i)); });
  }
}

}  // namespace

absl::StatusOr<int64_t> equalize(Graph& graph, Calibration& calibration,
                                 const EqualizeOptions& options) {
  int64_t equalized = 0;
  std::vector<bool> done(graph.tensor_count(), false);
  for (const NodeId id : graph.topological_order()) {
    const std::optional<Layer> layer = Layer::of(graph, id);
    const TensorId output = graph.node(id).outputs[0];
    if (!layer || done[static_cast<size_t>(output.index)]) continue;
    const std::optional<Family> family = family_of(graph, output);
    if (!family) continue;
    for (const TensorId tensor : family->tensors) {
      done[static_cast<size_t>(tensor.index)] = true;
      const auto seen = calibration.tensors.find(tensor);
      if (seen == calibration.tensors.end() ||
          seen->second.channels() != graph.tensor(tensor).shape.back()) {
        return absl::InvalidArgumentError(
            absl::StrCat("the calibration has no statistics of tensor '", graph.tensor(tensor).name,
                         "': it was made for another graph"));
      }
    }
    const std::vector<double> factors = choose_factors(graph, *family, calibration, options);
    if (factors.empty()) continue;
    apply(graph, *family, factors);
    for (const TensorId tensor : family->tensors) {
      for (int64_t c = 0; c < calibration.tensors.at(tensor).channels(); ++c) {
        calibration.scale(tensor, c, 1 / factors[static_cast<size_t>(c % family->channels)]);
      }
    }
    equalized += static_cast<int64_t>(family->tensors.size());
  }
  return equalized;
}

}  // namespace durward
