// Post-training quantisation: a float graph and its calibration to a full-integer INT8 graph by the
// TFLite INT8 specification: int8 activations with one scale each, int8 weights with a scale per
// output channel, int32 biases.
//
// The usual order: simplify, fuse_activations, calibrate, equalize, quantize.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/calibration.h"
#include "quant/layer_inputs.h"
#include "quant/observer.h"
#include "quant/weights.h"

namespace durward {

struct QuantizeOptions {
  ObserverOptions activations;
  WeightObserver weights = WeightObserver::kMinMax;
  bool correct_bias = true;
  // By which weights are rounded (quant/reconstruct.h); nullptr, and layers that are not in it: to
  // nearest. Must outlive the call.
  const LayerInputs* layer_inputs = nullptr;
  std::vector<std::string> keep_float;  // names of nodes that stay in float
};

// The quantised graph: float inputs and outputs with Quantize and Dequantize at the ends; nodes
// without an int8 kernel, and those of keep_float, between Dequantize and Quantize. Layers always
// have a bias. Names of nodes, ports and int8 tensors are those of the float graph.
// An activation with trained parameters (Tensor::trained) gets those, unless the specification
// fixes others for the op that makes it; weights keep trained scales that still hold for them.
// Errors: InvalidArgument (a tensor without statistics; NaN or infinite constants; an accumulator
// that could overflow; a name in keep_float that no node has), each naming the node or tensor.
[[nodiscard]] absl::StatusOr<Graph> quantize(const Graph& graph, const Calibration& calibration,
                                             const QuantizeOptions& options);

// The nodes of a quantised graph that compute in float, but for Quantize and Dequantize.
[[nodiscard]] std::vector<NodeId> float_islands(const Graph& quantized);

}  // namespace durward
