// What calibration looks at: the activations of a float graph on aligned crops.
#pragma once

#include <span>
#include <string>

#include "data/input_spec.h"
#include "graph/graph.h"
#include "pipeline/crop_store.h"
#include "quant/calibration.h"

namespace durward {

// InvalidArgument unless the graph has one image input of the specification's size.
[[nodiscard]] absl::Status check_input(const Graph& graph, const InputSpec& spec);

struct Activations {
  ActivationSource source;
  std::string executor;  // "onnxruntime", or "reference" where that was not found, which is slower
};

// Shows `tensors` of the graph. The crops must outlive the result; the source serves workers
// 0..threads-1. Errors: those of check_input, and the executor's.
[[nodiscard]] absl::StatusOr<Activations> make_activations(const Graph& graph,
                                                           std::span<const TensorId> tensors,
                                                           const CropStore& crops,
                                                           const InputSpec& spec, int threads);

}  // namespace durward
