// Profiles of models in their runtimes, by each runtime's own profiler, as one document
// (docs/profile.md).
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "device/system.h"
#include "engine/kernels/isa.h"
#include "pipeline/model_file.h"
#include "runtimes/runtime.h"

namespace durward {

struct ProfileRequest {
  std::vector<std::filesystem::path> models;
  // What the models are compared with, in each runtime the first of these that it takes: the float
  // model that they were made of, in one or more formats.
  std::vector<std::filesystem::path> against = {};
  std::vector<RuntimeKind> runtimes = {};  // empty: the one that each file is for
  ModelReading reading = {};               // of models that our engine is to compile
  std::optional<Isa> isa = {};             // of our engine, no faster one than this
  int threads = 1;
  int runs = 50;
  std::string tool_version;
  device::AllocationCount (*allocations)() = nullptr;  // of the process so far
  Progress progress = {};
};

// Profiles each model in each of the runtimes that load it. Our engine also takes models that are
// no bundles: it is compiled for them, as they are. Bundles are given their first golden vector,
// others made-up numbers, the same in each run. Errors: InvalidArgument for a model that none of
// the runtimes loads; the runtimes'; Cancelled.
[[nodiscard]] absl::StatusOr<nlohmann::json> profile_models(const ProfileRequest& request);

// "engine", "onnxruntime", "litert" or "openvino". InvalidArgument lists them.
[[nodiscard]] absl::StatusOr<RuntimeKind> parse_runtime(std::string_view name);

}  // namespace durward
