// The scales of a quantised graph as a part of a result document (docs/result-json.md), for those
// who train with them elsewhere (python/).
#pragma once

#include <nlohmann/json.hpp>

#include "graph/graph.h"

namespace durward {

// The value of "quantization". `equalized`: scales were moved between layers, so that activations
// are not those of the model that was given.
[[nodiscard]] nlohmann::json quantization_json(const Graph& quantized, bool equalized);

}  // namespace durward
