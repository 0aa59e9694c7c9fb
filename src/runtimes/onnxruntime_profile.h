// Reads the profile that ONNX Runtime writes: a JSON array of trace events.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "runtimes/runtime.h"

namespace durward {

// One record per executed node, in order of execution, its time averaged over the runs in the
// profile. InvalidArgument where the text is not such a profile.
[[nodiscard]] absl::StatusOr<std::vector<OpRecord>> parse_onnxruntime_profile(
    std::string_view json);

}  // namespace durward
