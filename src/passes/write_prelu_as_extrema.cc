// int8 layer with PRelu(a), a <= 1  =>  max(layer, layer * a)
// int8 layer with PRelu(a), a > 1   =>  min(layer, layer * a)
// int8 layer with both, by channel  =>  max(min(upper, layer * a), lower)
//
// All layers on the right have the same int8 weights: the factor goes into the weights' scales (and
// its sign into the weights). `upper` is the layer in channels of a > 1 and saturates at 127 in the
// others; `lower` is the layer where a <= 1 and saturates at -128 in the others. Rounding is
// monotone, so the extremum of rounded values is the rounded PRelu: what the fused layer gives,
// value for value.
#include <algorithm>
#include <cmath>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace durward {
namespace {

// What becomes of one channel of a quantised constant: q * factor + addend, of this scale.
struct Channel {
  float scale = 0;
  int32_t factor = 1, addend = 0;
};

template <typename T>
TensorId changed_copy(Graph& graph, TensorId id, std::string_view part,
                      const std::vector<Channel>& channels) {
  const Tensor before = graph.tensor(id);
  const auto axis = static_cast<size_t>(before.quant->axis);
  int64_t inner = 1;  // elements between one index of the axis and the next
  for (size_t i = axis + 1; i < before.shape.size(); ++i) inner *= before.shape[i];
  std::vector<T> values;
  for (const T value : before.values<T>()) {
    const Channel& channel = channels[values.size() / static_cast<size_t>(inner) % channels.size()];
    values.push_back(static_cast<T>(value * channel.factor + channel.addend));
  }
  const TensorId made = graph.add_constant<T>(
      graph.unique_name(absl::StrCat(before.name, ".", std::string(part))), before.shape, values);
  QuantParams quant = *before.quant;
  std::ranges::transform(channels, quant.scales.begin(), &Channel::scale);
  graph.mutable_tensor(made).quant = std::move(quant);
  return made;
}

bool quantised_per_channel(const Graph& graph, TensorId id, DataType type, int64_t channels) {
  const Tensor& tensor = graph.tensor(id);
  return tensor.type == type && tensor.constant() && tensor.quant && tensor.quant->per_axis() &&
         tensor.quant->scales.size() == static_cast<size_t>(channels);
}

bool convex(float slope) { return slope <= 1; }

// Writes one layer in the other form; new nodes and tensors are named after it.
template <typename Layer>
class Extrema {
 public:
  Extrema(Graph& graph, NodeId id, std::vector<float> slope)
      : graph_(graph),
        id_(id),
        name_(graph.node(id).name),
        inputs_(graph.node(id).inputs),
        y_(output_of(graph, id)),
        slope_(std::move(slope)) {
    plain_ = *graph.op_as<Layer>(id);
    plain_.activation = Activation::kNone;
    graph.mutable_op(id) = plain_;
  }

  // In an order in which three of the new tensors are needed at the same time, and no more.
  void write() {
    const auto all_convex = std::ranges::all_of(slope_, convex);
    if (all_convex || std::ranges::none_of(slope_, convex)) {
      const TensorId straight = first_layer("straight", inputs_[1], inputs_[2]);
      return extremum(all_convex ? BinaryKind::kMaximum : BinaryKind::kMinimum, straight,
                      sloped_layer(), y_);
    }
    const Constants upper = bounded("upper", true), lower = bounded("lower", false);
    const TensorId above = first_layer("upper", upper.weights, upper.bias);
    const TensorId inside = like_y("below_upper");
    extremum(BinaryKind::kMinimum, above, sloped_layer(), inside);
    const TensorId below = layer("lower", lower);
    extremum(BinaryKind::kMaximum, inside, below, y_);
  }

 private:
  struct Constants {
    TensorId weights, bias;
  };

  [[nodiscard]] std::string named(std::string_view part) const {
    return graph_.unique_name(absl::StrCat(name_, ".", std::string(part)));
  }
  TensorId like_y(std::string_view part) {
    Tensor tensor = graph_.tensor(y_);
    tensor.name = named(part);
    return graph_.add_tensor(std::move(tensor));
  }
  // The node that was there, with another output.
  TensorId first_layer(std::string_view part, TensorId weights, TensorId bias) {
    const TensorId result = like_y(part);
    graph_.set_inputs(id_, {inputs_[0], weights, bias});
    graph_.set_output(id_, result);
    return result;
  }
  TensorId layer(std::string_view part, const Constants& constants) {
    const TensorId result = like_y(part);
    graph_.add_node(plain_, named(part), {inputs_[0], constants.weights, constants.bias}, {result});
    return result;
  }
  void extremum(BinaryKind kind, TensorId a, TensorId b, TensorId result) {
    const char* part = kind == BinaryKind::kMaximum ? "maximum" : "minimum";
    graph_.add_node(Binary{kind}, named(part), {a, b}, {result});
  }

  [[nodiscard]] float scale(TensorId id, size_t channel = 0) const {
    return graph_.tensor(id).quant->scales[channel];
  }

  TensorId sloped_layer() {
    std::vector<Channel> weights, bias;
    for (size_t c = 0; c < slope_.size(); ++c) {
      const float a = slope_[c];
      const float magnitude = a == 0 ? 1 : std::fabs(a);
      const int32_t sign = a == 0 ? 0 : a < 0 ? -1 : 1;
      weights.push_back({scale(inputs_[1], c) * magnitude, sign});
      bias.push_back({scale(inputs_[2], c) * magnitude, sign});
    }
    return layer("sloped", {changed_copy<int8_t>(graph_, inputs_[1], "times_slope", weights),
                            changed_copy<int32_t>(graph_, inputs_[2], "times_slope", bias)});
  }

  // The layer's constants, made to saturate in the channels that are convex or that are not.
  Constants bounded(std::string_view part, bool upper) {
    // Steps of the output, whatever its zero point.
    constexpr int32_t kBeyondInt8 = 512;
    const float scale_x = scale(inputs_[0]), step = scale(y_) / scale_x;
    std::vector<Channel> weights, bias;
    for (size_t c = 0; c < slope_.size(); ++c) {
      const bool saturates = convex(slope_[c]) == upper;
      weights.push_back(saturates ? Channel{step, 0, 0} : Channel{scale(inputs_[1], c)});
      bias.push_back(saturates ? Channel{scale_x * step, 0, upper ? kBeyondInt8 : -kBeyondInt8}
                               : Channel{scale(inputs_[2], c)});
    }
    return {changed_copy<int8_t>(graph_, inputs_[1], part, weights),
            changed_copy<int32_t>(graph_, inputs_[2], part, bias)};
  }

  Graph& graph_;
  const NodeId id_;
  const std::string name_;
  const std::vector<TensorId> inputs_;
  const TensorId y_;
  const std::vector<float> slope_;
  Layer plain_;
};

template <typename Layer>
bool write(Graph& graph, NodeId id) {
  const auto* op = graph.op_as<Layer>(id);
  if (op == nullptr || op->activation != Activation::kPRelu) return false;
  const std::vector<TensorId>& inputs = graph.node(id).inputs;
  const int64_t channels = channels_of(graph, output_of(graph, id));
  auto slope = channel_values(graph, inputs[3], channels);
  if (!slope || !std::ranges::all_of(*slope, [](float a) { return std::isfinite(a); }) ||
      !quantised_per_channel(graph, inputs[1], DataType::kInt8, channels) ||
      !quantised_per_channel(graph, inputs[2], DataType::kInt32, channels)) {
    return false;
  }
  Extrema<Layer>(graph, id, *std::move(slope)).write();
  return true;
}

}  // namespace

bool write_prelu_as_extrema(Graph& graph) {
  bool changed = false;
  for (const NodeId id : graph.node_ids()) {
    const bool written = write<Conv2D>(graph, id) || write<DepthwiseConv2D>(graph, id) ||
                         write<FullyConnected>(graph, id);
    changed = written || changed;
  }
  return changed;
}

}  // namespace durward
