// Weights to int8 with a scale per output channel, and the bias that goes with them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/layer_inputs.h"
#include "quant/layers.h"

namespace durward {

enum class WeightObserver : uint8_t {
  kMinMax,  // the largest weight of a channel becomes 127
  kMse,     // the scale with the least squared error, clipping the largest weights
};

struct QuantizedWeights {
  std::vector<int8_t> weights;  // in the order of the float weights, -127..127
  std::vector<float> scales;    // per output channel
  std::vector<int32_t> bias;    // in units of input_scale * scales[c]
};

struct WeightContext {
  float input_scale = 1, output_scale = 1;
  int32_t input_zero_point = 0;
  // Mean of each input channel over the calibration, with which the mean error that the rounding of
  // the weights makes is taken out of the bias; empty: no correction.
  std::vector<double> input_mean;
  // What the weights meet, by which they are rounded (quant/reconstruct.h); nullptr: to nearest.
  const PatchMoments* moments = nullptr;
};

// The scales that quantisation-aware training gave the layer's weights, one per output channel, if
// every weight is still a whole number of them. Training may use -128, which int8 weights do not
// have: it becomes -127 when they are quantised again, and every other integer comes back.
[[nodiscard]] std::optional<std::vector<float>> trained_scales(const Graph& graph,
                                                               const Layer& layer);

// Trained scales are kept, with the integers that go with them, and the observer chooses others.
// Scales grow where the bias, or a multiplier that no runtime takes, would not fit otherwise.
// Errors: InvalidArgument naming the layer (a NaN or infinite weight or bias; an accumulator that
// could leave int32).
[[nodiscard]] absl::StatusOr<QuantizedWeights> quantize_weights(const Graph& graph,
                                                                const Layer& layer,
                                                                WeightObserver observer,
                                                                const WeightContext& context);

}  // namespace durward
