// Any model file that can be imported, by what it is.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "graph/graph.h"

namespace durward {

enum class ModelFormat : uint8_t { kOnnx, kTflite, kTorch };

[[nodiscard]] std::string_view to_string(ModelFormat format);  // "onnx", "tflite", "torch"

struct ModelFile {
  std::filesystem::path path;
  ModelFormat format = ModelFormat::kOnnx;
  int64_t bytes = 0;
  std::string sha256 = {};
  Graph graph = {};  // as imported, batch 1, not yet rewritten
};

// What an ONNX model leaves open: OnnxReadOptions in formats/onnx/reader.h says how both are named.
struct ModelReading {
  std::map<std::string, int64_t> dimensions = {}, fixed_inputs = {};
};

// .onnx, .tflite, or a PyTorch checkpoint (.ckpt, .pth, .pt). Errors: the reader's, naming the
// file; InvalidArgument for another ending, and where `reading` has something for another format.
[[nodiscard]] absl::StatusOr<ModelFile> read_model_file(const std::filesystem::path& path,
                                                        const ModelReading& reading = {});

}  // namespace durward
