// Which activations must have the same scale and zero point, and which have fixed ones, by the
// TFLite INT8 specification.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace durward {

// What an op asks of the parameters of its int8 inputs and output.
enum class ScaleRule : uint8_t {
  kFree,   // none
  kEqual,  // the same on all activation inputs and outputs
  kFixed,  // the output's are fixed_params()
};

[[nodiscard]] ScaleRule scale_rule(const Op& op);
// 1/256 from -128 for Softmax and Sigmoid, 1/128 around 0 for Tanh and L2Normalize.
[[nodiscard]] std::optional<QuantParams> fixed_params(const Op& op);

// Whether the op has an int8 kernel for these inputs; else the node stays in float.
[[nodiscard]] bool has_int8_kernel(const Graph& graph, NodeId id);

}  // namespace durward
