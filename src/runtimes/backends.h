// What each runtime gives to load_model: one source file per runtime, or its `_missing.cc` where
// the build did not find the SDK.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "base/status.h"
#include "runtimes/runtime.h"

namespace durward {

[[nodiscard]] bool onnxruntime_available();
[[nodiscard]] bool litert_available();
[[nodiscard]] bool openvino_available();

// Each takes a path to a regular file of an ending that the runtime knows. Errors: InvalidArgument
// (the runtime's own words), Unavailable.
[[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_engine(
    const std::filesystem::path& path, const RuntimeOptions& options);
[[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_onnxruntime(
    const std::filesystem::path& path, const RuntimeOptions& options);
[[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_onnxruntime(
    std::span<const std::byte> model, const RuntimeOptions& options);
[[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_litert(
    const std::filesystem::path& path, const RuntimeOptions& options);
[[nodiscard]] absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_openvino(
    const std::filesystem::path& path, const RuntimeOptions& options);

}  // namespace durward
