// What calibration looks at: the activations of a float graph on aligned crops.
#pragma once

#include <span>
#include <string>

#include "data/input_spec.h"
#include "graph/graph.h"
#include "pipeline/crop_store.h"
#include "quant/calibration.h"

namespace durward {

struct Activations {
  ActivationSource source;
  std::string executor;  // "onnxruntime", or "reference" where that was not found, which is slower
};

// Shows `tensors` of the graph, which has one image input of the specification's size. The crops
// must outlive the result; the source serves workers 0..threads-1. Errors: InvalidArgument where
// the input does not fit the specification, and the executor's.
[[nodiscard]] absl::StatusOr<Activations> make_activations(const Graph& graph,
                                                           std::span<const TensorId> tensors,
                                                           const CropStore& crops,
                                                           const InputSpec& spec, int threads);

}  // namespace durward
