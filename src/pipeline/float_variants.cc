#include "pipeline/float_variants.h"

#include "base/file.h"
#include "formats/tflite/tflite.h"
#include "passes/passes.h"
#include "pipeline/export_files.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

void add(std::string_view what, RuntimeKind kind, const fs::path& path,
         std::vector<Variant>& variants) {
  if (!is_available(kind)) return;
  variants.push_back(
      {absl::StrCat(std::string(what), ", ", std::string(to_string(kind))), kind, path});
}

void add_original(const ModelFile& file, std::vector<Variant>& variants) {
  constexpr std::string_view kAsExported = "fp32, as exported";
  switch (file.format) {
    case ModelFormat::kOnnx:
      add(kAsExported, RuntimeKind::kOnnxRuntime, file.path, variants);
      add(kAsExported, RuntimeKind::kOpenVino, file.path, variants);
      break;
    case ModelFormat::kTflite:
      add(kAsExported, RuntimeKind::kLiteRt, file.path, variants);
      break;
    case ModelFormat::kTorch:  // no runtime here reads it
      break;
  }
}

}  // namespace

absl::StatusOr<std::vector<Variant>> write_float_variants(const ModelFile& file,
                                                          const Graph& rewritten,
                                                          const std::string& name,
                                                          const StagedFolder& staging) {
  constexpr std::string_view kRewritten = "fp32, rewritten";
  std::vector<Variant> variants;
  add_original(file, variants);

  // ONNX Runtime's own PRelu is slow: it gets the form that is fastest there.
  Graph for_onnxruntime = rewritten;
  decompose_prelu(for_onnxruntime, PreluEncoding::kScaledSum);
  const fs::path onnx = staging.file(name + ".fp32.onnx");
  DURWARD_RETURN_IF_ERROR(write_onnx_file(for_onnxruntime, onnx));
  add(kRewritten, RuntimeKind::kOnnxRuntime, onnx, variants);

  const fs::path openvino = staging.file(name + ".fp32.openvino.onnx");
  DURWARD_RETURN_IF_ERROR(write_onnx_file(rewritten, openvino));
  add(kRewritten, RuntimeKind::kOpenVino, openvino, variants);

  const fs::path tflite = staging.file(name + ".fp32.tflite");
  const absl::StatusOr<std::vector<std::byte>> bytes = write_tflite(rewritten, {});
  if (absl::IsUnimplemented(bytes.status())) return variants;
  DURWARD_RETURN_IF_ERROR(bytes.status());
  DURWARD_RETURN_IF_ERROR(write_file_atomic(tflite, *bytes));
  add(kRewritten, RuntimeKind::kLiteRt, tflite, variants);
  return variants;
}

}  // namespace durward
