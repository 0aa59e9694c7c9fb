#include "pipeline/model_file.h"

#include <absl/strings/ascii.h>

#include "base/file.h"
#include "base/sha256.h"
#include "formats/onnx/reader.h"
#include "formats/tflite/tflite.h"
#include "formats/torch/import.h"

namespace durward {
namespace {

absl::StatusOr<ModelFormat> format_of(const std::filesystem::path& path) {
  const std::string ending = absl::AsciiStrToLower(path.extension().string());
  if (ending == ".onnx") return ModelFormat::kOnnx;
  if (ending == ".tflite") return ModelFormat::kTflite;
  if (ending == ".ckpt" || ending == ".pth" || ending == ".pt") return ModelFormat::kTorch;
  return absl::InvalidArgumentError(absl::StrCat(
      path.string(), ": expected a model file ending in .onnx, .tflite, .ckpt, .pth or .pt, not '",
      ending, "'"));
}

absl::StatusOr<Graph> import_model(const ModelFile& file, std::span<const std::byte> bytes,
                                   const ModelReading& reading) {
  if (file.format != ModelFormat::kOnnx &&
      !(reading.dimensions.empty() && reading.fixed_inputs.empty())) {
    return absl::InvalidArgumentError(
        "only an .onnx model has open dimensions or inputs to fix; leave those options out");
  }
  switch (file.format) {
    case ModelFormat::kOnnx: {
      OnnxReadOptions options;
      options.dimensions = reading.dimensions;
      options.fixed_inputs = reading.fixed_inputs;
      options.external_data_folder = file.path.has_parent_path() ? file.path.parent_path() : ".";
      return read_onnx(bytes, options);
    }
    case ModelFormat::kTflite:
      return read_tflite(bytes);
    case ModelFormat::kTorch: {
      DURWARD_ASSIGN_OR_RETURN(const TorchCheckpoint checkpoint, read_torch_checkpoint(bytes));
      return import_torch(checkpoint);
    }
  }
  return absl::InternalError("no such model format");
}

}  // namespace

std::string_view to_string(ModelFormat format) {
  switch (format) {
    case ModelFormat::kOnnx:
      return "onnx";
    case ModelFormat::kTflite:
      return "tflite";
    case ModelFormat::kTorch:
      return "torch";
  }
  return "unknown";
}

absl::StatusOr<ModelFile> read_model_file(const std::filesystem::path& path,
                                          const ModelReading& reading) {
  ModelFile file{.path = path};
  DURWARD_ASSIGN_OR_RETURN(file.format, format_of(path));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(path));
  file.bytes = static_cast<int64_t>(bytes.size());
  file.sha256 = sha256_hex(bytes);
  absl::StatusOr<Graph> graph = import_model(file, bytes, reading);
  if (!graph.ok()) return with_context(graph.status(), path.string());
  file.graph = *std::move(graph);
  return file;
}

}  // namespace durward
