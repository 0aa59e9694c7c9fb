#include "quant/weights.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "quant/reconstruct.h"

namespace durward {
namespace {

constexpr double kLargestWeight = 127;
// A bias takes at most half of an accumulator's range.
constexpr double kLargestBias = 0x1p30;
// XNNPACK takes multipliers from 2^-32 on; smaller ones only occur where all weights are near zero.
constexpr double kSmallestMultiplier = 0x1p-31;

// The weights of one output channel with the means of the inputs that they meet.
struct ChannelWeights {
  std::vector<double> weights;
  std::vector<double> means;
  std::vector<size_t> positions;
};

double squared_error(const std::vector<double>& weights, double scale) {
  double error = 0;
  for (const double weight : weights) {
    const double q = std::clamp(std::nearbyint(weight / scale), -kLargestWeight, kLargestWeight);
    const double difference = q * scale - weight;
    error += difference * difference;
  }
  return error;
}

double choose_scale(const std::vector<double>& weights, WeightObserver observer) {
  double largest = 0;
  for (const double weight : weights) largest = std::max(largest, std::abs(weight));
  const double whole = largest / kLargestWeight;
  if (observer == WeightObserver::kMinMax || largest == 0) return whole;
  double best = whole, least = squared_error(weights, whole);
  for (int percent = 99; percent >= 50; --percent) {
    const double scale = whole * percent / 100;
    const double error = squared_error(weights, scale);
    if (error >= least) continue;
    least = error;
    best = scale;
  }
  return best;
}

// Rounds the weights of one output channel after the other.
class Rounder {
 public:
  // nullptr: to nearest.
  Rounder(const PatchMoments* moments, int64_t channels, bool centred)
      : moments_(moments), channels_(channels), centred_(centred) {}

  // Afterwards, means() are of the channel's group.
  std::vector<double> round(const std::vector<double>& weights, double scale, int64_t channel) {
    std::vector<double> steps(weights.size());
    for (size_t i = 0; i < weights.size(); ++i) steps[i] = weights[i] / scale;
    if (moments_ == nullptr || std::cmp_not_equal(moments_->depth, steps.size())) {
      for (double& step : steps) {
        step = std::clamp(std::nearbyint(step), -kLargestWeight, kLargestWeight);
      }
      return steps;
    }
    const auto groups = static_cast<int64_t>(moments_->sums.size()) / moments_->depth;
    const int64_t group = channel / (channels_ / groups);
    if (group != group_) {
      metric_.emplace(*moments_, group, centred_);
      means_.assign(steps.size(), 0);
      const auto first = static_cast<size_t>(group * moments_->depth);
      for (size_t i = 0; i < means_.size(); ++i) {
        means_[i] = static_cast<double>(moments_->sums[first + i]) /
                    static_cast<double>(std::max<int64_t>(moments_->count, 1));
      }
    }
    group_ = group;
    return metric_->round(steps);
  }

  // What the weights of the last channel meet on average, in steps of the input's scale; empty
  // where they were rounded to nearest.
  [[nodiscard]] const std::vector<double>& means() const { return means_; }

 private:
  const PatchMoments* moments_;
  int64_t channels_;
  bool centred_;
  int64_t group_ = -1;
  std::optional<RoundingMetric> metric_;  // of the group
  std::vector<double> means_;
};

absl::Status check_finite(const Tensor& tensor, std::string_view layer) {
  const auto values = tensor.values<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("'", std::string(layer), "': element ", i, " of tensor '", tensor.name,
                     "' is ", values[i], "; a model with such weights cannot be quantised"));
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<std::vector<float>> trained_scales(const Graph& graph, const Layer& layer) {
  const Tensor& weights = graph.tensor(graph.node(layer.id()).inputs[kWeightsInput]);
  if (!weights.trained) return std::nullopt;
  const auto channels = static_cast<size_t>(layer.output_channels());
  std::vector<float> scales = weights.trained->scales;
  if (scales.size() == 1) scales.resize(channels, scales[0]);
  if (scales.size() != channels) return std::nullopt;
  const auto values = weights.values<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    const float scale = scales[static_cast<size_t>(layer.output_channel(static_cast<int64_t>(i)))];
    const float q = std::nearbyint(values[i] / scale);
    // Written so that a NaN does not hold.
    if (!(q >= -128 && q <= 127 && q * scale == values[i])) return std::nullopt;
  }
  return scales;
}

absl::StatusOr<QuantizedWeights> quantize_weights(const Graph& graph, const Layer& layer,
                                                  WeightObserver observer,
                                                  const WeightContext& context) {
  const Node& node = graph.node(layer.id());
  const Tensor& weights = graph.tensor(node.inputs[kWeightsInput]);
  const bool has_bias = node.inputs.size() > kBiasInput && node.inputs[kBiasInput].valid();
  DURWARD_RETURN_IF_ERROR(check_finite(weights, node.name));
  if (has_bias) {
    DURWARD_RETURN_IF_ERROR(check_finite(graph.tensor(node.inputs[kBiasInput]), node.name));
  }
  const auto values = weights.values<float>();
  const auto channels = static_cast<size_t>(layer.output_channels());
  std::vector<ChannelWeights> by_channel(channels);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    ChannelWeights& channel = by_channel[static_cast<size_t>(layer.output_channel(index))];
    channel.weights.push_back(values[i]);
    channel.positions.push_back(i);
    if (context.input_mean.empty()) continue;
    const auto input = static_cast<size_t>(layer.input_channel(index));
    channel.means.push_back(context.input_mean[input % context.input_mean.size()]);
  }
  const auto trained = trained_scales(graph, layer);
  QuantizedWeights result;
  result.weights.resize(values.size());
  Rounder rounder(trained ? nullptr : context.moments, layer.output_channels(),
                  !context.input_mean.empty());
  const int64_t largest_input =
      std::max(127 - context.input_zero_point, context.input_zero_point + 128);
  for (size_t c = 0; c < channels; ++c) {
    const ChannelWeights& channel = by_channel[c];
    double bias = has_bias ? double{graph.tensor(node.inputs[kBiasInput]).values<float>()[c]} : 0.0;
    const double input_scale = context.input_scale;
    double scale = trained ? double{(*trained)[c]} : choose_scale(channel.weights, observer);
    scale = std::max(scale, kSmallestMultiplier * double{context.output_scale} / input_scale);
    scale = std::max(scale, std::abs(bias) * 1.001 / (input_scale * kLargestBias));
    const auto stored_scale = static_cast<float>(scale);
    const std::vector<double> integers =
        rounder.round(channel.weights, double{stored_scale}, static_cast<int64_t>(c));
    int64_t sum = 0;
    for (size_t i = 0; i < channel.weights.size(); ++i) {
      const double q = integers[i];
      result.weights[channel.positions[i]] = static_cast<int8_t>(q);
      sum += std::abs(static_cast<int64_t>(q));
      if (channel.means.empty()) continue;
      // Those of the patches, where they are known, count the padding too.
      const double mean =
          rounder.means().empty() ? channel.means[i] : rounder.means()[i] * input_scale;
      bias -= (q * double{stored_scale} - channel.weights[i]) * mean;
    }
    const double units = std::clamp(std::nearbyint(bias / (input_scale * double{stored_scale})),
                                    -kLargestBias, kLargestBias);
    if (sum * largest_input + static_cast<int64_t>(std::abs(units)) >
        std::numeric_limits<int32_t>::max()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", node.name, "': the int32 accumulator of output channel ", c,
                       " could overflow; keep this layer in float"));
    }
    result.scales.push_back(stored_scale);
    result.bias.push_back(static_cast<int32_t>(units));
  }
  return result;
}

}  // namespace durward
