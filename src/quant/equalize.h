// Cross-layer equalisation: the same function with channels of like range, so that one scale per
// tensor serves all of them (Nagel et al., "Data-Free Quantization Through Weight Equalization and
// Bias Correction", ICCV 2019, here with the ranges of the activations and through PReLU).
//
// Channel c of an activation is divided by s_c > 0 in the layers that make it (output channels and
// bias) and multiplied in the layers that use it (input channels). ReLU and PReLU pass such a
// factor through unchanged. Where a depthwise convolution is the user, the factor costs nothing:
// its weights have a scale per channel anyway. Where a dense layer uses it, large factors make its
// weights uneven within a scale, so ranges and weights are balanced. Tensors joined by Add share
// their factors.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/calibration.h"

namespace durward {

struct EqualizeOptions {
  // Balance in front of dense layers: 0 evens out their weights only, 1 the activations only.
  double activation_share = 0.5;
  // ReLU6 does not pass a factor through, but a channel whose largest value stays below six by this
  // factor can be widened up to six: the clip then comes at `relu6_margin` times that value.
  // Beyond it the function changes. 0 leaves ReLU6 tensors alone.
  double relu6_margin = 1.1;
};

// Equalises `graph` after fuse_activations; `calibration` of the same graph is brought along as if
// it had been measured afterwards. Returns the number of tensors that were equalised. Errors:
// InvalidArgument where the calibration is of another graph.
[[nodiscard]] absl::StatusOr<int64_t> equalize(Graph& graph, Calibration& calibration,
                                               const EqualizeOptions& options);

}  // namespace durward
