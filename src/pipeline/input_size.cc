#include "pipeline/input_size.h"

#include <absl/strings/str_cat.h>

namespace durward {

absl::Status set_input_size(Graph& graph, int64_t width, int64_t height) {
  constexpr size_t kPictureRank = 4;
  if (graph.inputs.size() != 1 ||
      graph.tensor(graph.inputs[0].tensor).shape.size() != kPictureRank) {
    return absl::InvalidArgumentError(
        "only a model whose one input is a picture has a size to set");
  }
  Shape& shape = graph.mutable_tensor(graph.inputs[0].tensor).shape;
  shape[1] = height;
  shape[2] = width;
  absl::Status status = infer_all_shapes(graph);
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the model does not take pictures of ", width,
                                                   "x", height, ": ",
                                                   std::string(status.message())));
  }
  return verify(graph);
}

}  // namespace durward
