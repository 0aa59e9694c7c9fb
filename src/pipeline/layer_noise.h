// Where quantisation loses: the signal-to-noise ratio behind every layer.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "pipeline/samples.h"

namespace durward {

struct LayerNoise {
  std::string name;  // of the node
  std::string op;
  std::string precision;  // "int8", "float32"
  double snr_db = 0;  // 10 log10(sum x^2 / sum (x - x')^2) over the samples; infinite without noise
};

// Runs both graphs over the reference kernels on the first `count` samples and compares the tensors
// of equal name, in the order of execution. Errors: the executor's.
[[nodiscard]] absl::StatusOr<std::vector<LayerNoise>> measure_layer_noise(const Graph& float_graph,
                                                                          const Graph& quantised,
                                                                          const Samples& samples,
                                                                          int64_t count);

}  // namespace durward
