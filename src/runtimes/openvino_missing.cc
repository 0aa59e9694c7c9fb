// Stands in for openvino.cc in a build that did not find OpenVINO.
#include "runtimes/backends.h"

namespace durward {

bool openvino_available() { return false; }

absl::StatusOr<std::unique_ptr<RuntimeModel>> load_with_openvino(const std::filesystem::path&,
                                                                 const RuntimeOptions&) {
  return absl::UnavailableError(
      "this build has no OpenVINO: run scripts/setup, or put the wheel openvino under "
      "DURWARD_DEPS/wheels, and configure again");
}

}  // namespace durward
