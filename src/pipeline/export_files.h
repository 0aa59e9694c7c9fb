// The files that a compression ships, made from the quantised graphs.
#pragma once

#include <string>
#include <vector>

#include "formats/tflite/tflite.h"
#include "pipeline/quantized_models.h"
#include "pipeline/staged_folder.h"
#include "runtimes/runtime.h"

namespace durward {

struct ExportFile {
  std::string name;    // in the output folder
  std::string format;  // "TFLite INT8", "ONNX QDQ", ...
  RuntimeKind runtime = RuntimeKind::kLiteRt;
  const Graph* graph = nullptr;         // what it re-encodes, one of `models`
  std::vector<std::string> parts = {};  // every file that belongs to it, `name` included
  bool judged = true;                   // evaluated and timed; a twin in another format is not
};

// Errors: those of write_onnx and write_file_atomic.
[[nodiscard]] absl::Status write_onnx_file(const Graph& graph, const std::filesystem::path& path);

// Writes those of NAME.int8.tflite, NAME.qdq.onnx, NAME.int8.ort, and NAME.int8.xml with
// NAME.int8.bin that are asked for into the staging folder. Formats that only a runtime can write
// (.ort, .xml) are left out where it was not found at build time. `tflite` says how the
// .tflite file is written.
[[nodiscard]] absl::StatusOr<std::vector<ExportFile>> write_export_files(
    const QuantizedModels& models, const std::set<ExportKind>& exports, const std::string& name,
    const TfliteWriteOptions& tflite, const StagedFolder& staging);

// How a file in its runtime compares with the reference executor on the graph that it encodes.
struct Agreement {
  int64_t samples = 0;
  double equal_share = 0;  // of the output's elements
  double largest_difference = 0;
  double cosine_mean = 0, cosine_min = 0;
};

// On the first `count` samples. Errors: the runtime's and the executor's.
[[nodiscard]] absl::StatusOr<Agreement> check_agreement(const ExportFile& file,
                                                        const std::filesystem::path& path,
                                                        const Samples& samples, int64_t count);

}  // namespace durward
