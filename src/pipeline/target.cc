#include "pipeline/target.h"

#include <absl/strings/str_join.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace durward {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr ExportKind kKinds[] = {ExportKind::kBundle, ExportKind::kTflite, ExportKind::kOnnx,
                                 ExportKind::kOrt, ExportKind::kOpenVino};

fs::path targets_folder() { return fs::path(DURWARD_SOURCE_DIR) / "targets"; }

absl::StatusOr<std::string> text_member(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("'", name, "' should be there and be a text"));
  }
  return member->get<std::string>();
}

absl::StatusOr<Target> parse_target(const std::string& text) {
  const json object =
      json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  if (!object.is_object()) return absl::InvalidArgumentError("not a JSON object");
  Target target;
  DURWARD_ASSIGN_OR_RETURN(target.name, text_member(object, "name"));
  DURWARD_ASSIGN_OR_RETURN(target.description, text_member(object, "description"));
  const auto exports = object.find("exports");
  if (exports == object.end() || !exports->is_array() || exports->empty()) {
    return absl::InvalidArgumentError("'exports' should be a list of one or more kinds of files");
  }
  for (const json& name : *exports) {
    DURWARD_ASSIGN_OR_RETURN(const ExportKind kind,
                             parse_export_kind(name.is_string() ? name.get<std::string>() : ""));
    target.exports.insert(kind);
  }
  if (const auto arena = object.find("arena_bytes"); arena != object.end()) {
    if (!arena->is_number_unsigned() || arena->get<uint64_t>() > uint64_t{1} << 34) {
      return absl::InvalidArgumentError("'arena_bytes' should be a number of bytes up to 2^34");
    }
    target.arena_bytes = arena->get<int64_t>();
  }
  if (object.contains("tflite_ops")) {
    DURWARD_ASSIGN_OR_RETURN(const std::string ops, text_member(object, "tflite_ops"));
    DURWARD_ASSIGN_OR_RETURN(target.tflite_ops, parse_tflite_ops(ops));
  }
  if (const auto device = object.find("device"); device != object.end()) {
    DURWARD_ASSIGN_OR_RETURN(target.device, parse_target_device(*device));
  }
  return target;
}

}  // namespace

std::string_view to_string(ExportKind kind) {
  switch (kind) {
    case ExportKind::kBundle:
      return "bundle";
    case ExportKind::kTflite:
      return "tflite";
    case ExportKind::kOnnx:
      return "onnx";
    case ExportKind::kOrt:
      return "ort";
    case ExportKind::kOpenVino:
      return "openvino";
  }
  return "unknown";
}

absl::StatusOr<ExportKind> parse_export_kind(std::string_view name) {
  for (const ExportKind kind : kKinds) {
    if (to_string(kind) == name) return kind;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no kind of export is called '", std::string(name),
                   "'; there are bundle, tflite, onnx, ort and openvino"));
}

std::set<ExportKind> all_export_kinds() { return {std::begin(kKinds), std::end(kKinds)}; }

absl::StatusOr<Target> read_target(const std::string& name_or_path) {
  fs::path path = targets_folder() / (name_or_path + ".json");
  if (name_or_path.find('/') != std::string::npos ||
      fs::path(name_or_path).extension() == ".json") {
    path = name_or_path;
  } else if (std::error_code error; !fs::exists(path, error)) {
    return absl::NotFoundError(absl::StrCat("no target is called '", name_or_path, "'; there are ",
                                            absl::StrJoin(target_names(), ", "),
                                            ", or give a file of your own"));
  }
  constexpr int64_t kMaxBytes = 1 << 20;
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, kMaxBytes));
  absl::StatusOr<Target> target = parse_target(text);
  if (!target.ok()) return with_context(target.status(), path.string());
  return target;
}

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(targets_folder(), error)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace durward
