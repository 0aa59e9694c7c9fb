// Stands in for openvino.cc in a build that did not find OpenVINO.
#include "runtimes/backends.h"
#include "runtimes/convert.h"

namespace durward {
namespace {

absl::Status missing() {
  return absl::UnavailableError(
      "this build has no OpenVINO: run scripts/setup, or put the wheel openvino under "
      "DURWARD_DEPS/wheels, and configure again");
}

}  // namespace

bool openvino_available() { return false; }

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_openvino(const std::filesystem::path&,
                                                                 const RuntimeOptions&) {
  return missing();
}

absl::Status save_openvino_ir(const std::filesystem::path&, const std::filesystem::path&) {
  return missing();
}

}  // namespace durward
