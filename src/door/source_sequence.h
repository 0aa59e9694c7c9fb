// Several cameras or microphones as one: each restart() goes on to the next, so that an enrolment
// can take a recording for each of its rounds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capture/camera.h"
#include "capture/microphone.h"

namespace durward {

// Photographs may stand for what a camera sees.
inline constexpr CameraOptions kDoorCamera = {.max_width = 4096, .max_height = 4096};

// Of one place that source itself. Every place is opened at once, so that a wrong one is known
// before anybody is looked at; after the last one the first comes again, and content that was seen
// before. Errors: open_camera's, open_microphone's; InvalidArgument for no place.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Camera>> open_cameras(
    const std::vector<std::string>& places, const CameraOptions& options);
[[nodiscard]] absl::StatusOr<std::unique_ptr<Microphone>> open_microphones(
    const std::vector<std::string>& places, const MicrophoneOptions& options = {});

}  // namespace durward
