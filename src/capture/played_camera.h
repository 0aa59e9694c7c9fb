// A camera over a recording: each of its pictures when it is due.
#pragma once

#include <memory>
#include <string>

#include "capture/picture_source.h"

namespace durward {

// `default_rate` is for a recording without a rate of its own, in pictures per second. Errors: the
// source's; InvalidArgument for a rate out of range.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Camera>> open_played_camera(
    std::string source, OpenSource open, const CameraOptions& options, double default_rate);

}  // namespace durward
