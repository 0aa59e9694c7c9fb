#include "formats/tflite/export.h"
#include "formats/tflite/tflite.h"

namespace durward {

absl::StatusOr<std::vector<std::byte>> write_tflite(const Graph& graph,
                                                    const TfliteWriteOptions& options) {
  if (const absl::Status status = verify(graph); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the graph does not verify: ", status.message()));
  }
  return GraphExport(graph, options).run();
}

}  // namespace durward
