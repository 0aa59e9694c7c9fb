// What a device runs: which of the exports are made for it, and what is known of it.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/tflite/tflite_ops.h"
#include "pipeline/target_device.h"

namespace durward {

// A kind of file that a compression writes.
enum class ExportKind : uint8_t { kBundle, kTflite, kOnnx, kOrt, kOpenVino };

[[nodiscard]] std::string_view to_string(ExportKind kind);  // "bundle", "tflite", ...
// InvalidArgument lists the names.
[[nodiscard]] absl::StatusOr<ExportKind> parse_export_kind(std::string_view name);
[[nodiscard]] std::set<ExportKind> all_export_kinds();

// What small devices have to spare for a face model.
inline constexpr int64_t kDefaultArenaBytes = int64_t{160} * 1024;

struct Target {
  std::string name;
  std::string description;
  std::set<ExportKind> exports;  // not empty
  // Of the bundle's plan, as far as it can be reached: small ones stream rows through more layers,
  // which takes up to a tenth longer.
  int64_t arena_bytes = kDefaultArenaBytes;
  TfliteOps tflite_ops = TfliteOps::kCurrent;  // of the device's TFLite or TFLite Micro
  std::optional<TargetDevice> device = {};
};

// A target by its name, targets/NAME.json, or the path of such a file of your own
// (docs/targets.md). Errors: NotFound lists the names; InvalidArgument names the file and what is
// wrong with it.
[[nodiscard]] absl::StatusOr<Target> read_target(const std::string& name_or_path);

// The names of the targets that come with Durward, sorted.
[[nodiscard]] std::vector<std::string> target_names();

}  // namespace durward
