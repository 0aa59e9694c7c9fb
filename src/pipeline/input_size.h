// Another picture size for a model whose layers take any: detectors, which slide over the picture.
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace durward {

// Gives the graph's only input, a picture of [1, height, width, channels], this height and width,
// and works out all shapes anew. Errors: InvalidArgument where the graph has another input, or a
// layer does not fit the new size, which it names.
[[nodiscard]] absl::Status set_input_size(Graph& graph, int64_t width, int64_t height);

}  // namespace durward
