// The layers with weights, seen alike: which weights belong to an input or output channel.
#pragma once

#include <cstdint>
#include <optional>

#include "graph/graph.h"

namespace durward {

inline constexpr size_t kWeightsInput = 1, kBiasInput = 2, kSlopeInput = 3;

// A Conv2D, DepthwiseConv2D or FullyConnected with constant float weights.
class Layer {
 public:
  // Nothing where the node is no such layer.
  [[nodiscard]] static std::optional<Layer> of(const Graph& graph, NodeId id);

  [[nodiscard]] NodeId id() const { return id_; }
  [[nodiscard]] Activation activation() const { return activation_; }
  [[nodiscard]] bool depthwise() const { return depthwise_; }
  [[nodiscard]] int64_t output_channels() const { return output_channels_; }
  [[nodiscard]] int64_t input_channels() const { return input_channels_; }
  // The axis of the weights that per-channel scales lie along.
  [[nodiscard]] int weights_axis() const { return depthwise_ ? 3 : 0; }
  // Of the weight with this index in memory.
  [[nodiscard]] int64_t output_channel(int64_t weight) const {
    return depthwise_ ? weight % output_channels_ : weight / depth_;
  }
  [[nodiscard]] int64_t input_channel(int64_t weight) const;

 private:
  NodeId id_;
  Activation activation_ = Activation::kNone;
  bool depthwise_ = false;
  int64_t output_channels_ = 1, input_channels_ = 1;
  int64_t depth_ = 1;          // weights per output channel
  int64_t group_inputs_ = 1;   // input channels that one output sees
  int64_t group_outputs_ = 1;  // output channels of a group
};

}  // namespace durward
