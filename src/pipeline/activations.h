// What calibration looks at: the activations of a float graph on samples.
#pragma once

#include <span>
#include <string>

#include "graph/graph.h"
#include "pipeline/samples.h"
#include "quant/calibration.h"

namespace durward {

// InvalidArgument unless the graph has one input, of that shape.
[[nodiscard]] absl::Status check_input(const Graph& graph, const Shape& expected);

struct Activations {
  ActivationSource source;
  std::string executor;  // "onnxruntime", or "reference" where that was not found, which is slower
};

// Shows `tensors` of the graph. The source serves workers 0..threads-1. Errors: those of
// check_input, and the executor's.
[[nodiscard]] absl::StatusOr<Activations> make_activations(const Graph& graph,
                                                           std::span<const TensorId> tensors,
                                                           const Samples& samples, int threads);

}  // namespace durward
