#include "runtimes/runtime.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "runtimes/backends.h"

namespace durward {
namespace {

// The file endings that a runtime loads.
std::vector<std::string_view> endings_of(RuntimeKind kind) {
  switch (kind) {
    case RuntimeKind::kEngine:
      return {".bundle"};
    case RuntimeKind::kOnnxRuntime:
      return {".onnx", ".ort"};
    case RuntimeKind::kLiteRt:
      return {".tflite"};
    case RuntimeKind::kOpenVino:
      return {".onnx", ".tflite", ".xml"};
    case RuntimeKind::kReference:
      break;
  }
  return {};
}

absl::Status check_file(RuntimeKind kind, const std::filesystem::path& path) {
  const std::vector<std::string_view> endings = endings_of(kind);
  const std::string ending = absl::AsciiStrToLower(path.extension().string());
  if (std::find(endings.begin(), endings.end(), ending) == endings.end())
    return absl::InvalidArgumentError(absl::StrCat(
        path.string(), ": ", std::string(to_string(kind)), " loads ",
        absl::StrJoin(endings, ", ",
                      [](std::string* out, std::string_view part) { out->append(part); }),
        " files, not '", ending, "'"));
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return absl::NotFoundError(absl::StrCat(path.string(), ": no such model file"));
  if (!std::filesystem::is_regular_file(path, error))
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": not a regular file"));
  return absl::OkStatus();
}

absl::Status check_options(const RuntimeOptions& options) {
  if (options.threads >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a model needs at least one thread, but ", options.threads, " were asked for"));
}

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_checked(RuntimeKind kind,
                                                           const std::filesystem::path& path,
                                                           const RuntimeOptions& options) {
  switch (kind) {
    case RuntimeKind::kEngine:
      return load_with_engine(path, options);
    case RuntimeKind::kOnnxRuntime:
      return load_with_onnxruntime(path, options);
    case RuntimeKind::kLiteRt:
      return load_with_litert(path, options);
    case RuntimeKind::kOpenVino:
      return load_with_openvino(path, options);
    case RuntimeKind::kReference:
      break;
  }
  return absl::InvalidArgumentError("the reference executor runs graphs, not model files");
}

}  // namespace

std::string_view to_string(RuntimeKind kind) {
  switch (kind) {
    case RuntimeKind::kReference:
      return "reference";
    case RuntimeKind::kEngine:
      return "engine";
    case RuntimeKind::kOnnxRuntime:
      return "onnxruntime";
    case RuntimeKind::kLiteRt:
      return "litert";
    case RuntimeKind::kOpenVino:
      return "openvino";
  }
  return "unknown";
}

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_model(RuntimeKind kind,
                                                         const std::filesystem::path& path,
                                                         const RuntimeOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_options(options));
  if (kind != RuntimeKind::kReference) DURWARD_RETURN_IF_ERROR(check_file(kind, path));
  auto model = load_checked(kind, path, options);
  if (!model.ok()) return with_context(model.status(), path.string());
  return model;
}

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_onnx_model(std::span<const std::byte> model,
                                                              const RuntimeOptions& options) {
  DURWARD_RETURN_IF_ERROR(check_options(options));
  return load_with_onnxruntime(model, options);
}

std::vector<RuntimeKind> available_runtimes() {
  std::vector<RuntimeKind> kinds;
  if (onnxruntime_available()) kinds.push_back(RuntimeKind::kOnnxRuntime);
  if (litert_available()) kinds.push_back(RuntimeKind::kLiteRt);
  if (openvino_available()) kinds.push_back(RuntimeKind::kOpenVino);
  return kinds;
}

bool is_available(RuntimeKind kind) {
  switch (kind) {
    case RuntimeKind::kReference:
    case RuntimeKind::kEngine:
      return true;
    case RuntimeKind::kOnnxRuntime:
      return onnxruntime_available();
    case RuntimeKind::kLiteRt:
      return litert_available();
    case RuntimeKind::kOpenVino:
      return openvino_available();
  }
  return false;
}

}  // namespace durward
