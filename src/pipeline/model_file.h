// Any model file that can be imported, by what it is.
#pragma once

#include <filesystem>
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

// .onnx, .tflite, or a PyTorch checkpoint (.ckpt, .pth, .pt). Errors: the reader's, naming the
// file; InvalidArgument for another ending.
[[nodiscard]] absl::StatusOr<ModelFile> read_model_file(const std::filesystem::path& path);

}  // namespace durward
