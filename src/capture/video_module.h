// OpenCV's cameras and videos, in a module: Debian's opencv_videoio brings FFmpeg, GStreamer, GDAL
// and some 200 libraries in all, a fifth of a second and 55 MB before a camera is opened.
#pragma once

#include <memory>
#include <string>

#include "capture/picture_source.h"

namespace durward {

// What open_device(), open_pipeline() and open_video() are.
struct VideoModule {
  using Open = absl::StatusOr<std::unique_ptr<PictureSource>>(const std::string& place,
                                                              const CameraOptions& options);
  Open* device;
  Open* pipeline;
  Open* video;
};

}  // namespace durward
