// OpenCV's codecs of pictures, in a module: Debian's opencv_imgcodecs brings some 150 libraries
// (GDAL and what that reads), a tenth of a second and 38 MB before anything is decoded. Who reads
// no picture files, as a door with a camera that gives raw frames, does without.
#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <span>
#include <vector>

#include "base/status.h"

namespace durward {

struct OpenCvCodecs {
  // BGR, 8 bits, the EXIF orientation applied. Empty where OpenCV refuses the picture.
  cv::Mat (*decode)(std::span<const std::byte> bytes);
  // A baseline JPEG, quality 1..100. Empty where it fails.
  std::vector<std::byte> (*encode_jpeg)(const cv::Mat& bgr, int quality);
};

// Loaded by the first call, from any thread. Unavailable where the module cannot be loaded.
[[nodiscard]] absl::StatusOr<const OpenCvCodecs*> opencv_codecs();

}  // namespace durward
