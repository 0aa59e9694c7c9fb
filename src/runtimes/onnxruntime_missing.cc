// Stands in for onnxruntime.cc in a build that did not find ONNX Runtime.
#include "runtimes/backends.h"
#include "runtimes/convert.h"

namespace durward {
namespace {

absl::Status missing() {
  return absl::UnavailableError(
      "this build has no ONNX Runtime: run scripts/setup, or put the wheel onnxruntime and its C++ "
      "headers under DURWARD_DEPS, and configure again");
}

}  // namespace

bool onnxruntime_available() { return false; }

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_onnxruntime(const std::filesystem::path&,
                                                                    const RuntimeOptions&) {
  return missing();
}

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_onnxruntime(std::span<const std::byte>,
                                                                    const RuntimeOptions&) {
  return missing();
}

absl::Status save_ort_format(const std::filesystem::path&, const std::filesystem::path&) {
  return missing();
}

}  // namespace durward
