// Pictures to the aligned crops that a face model looks at: the same detection and alignment for
// calibration, evaluation and comparison as a device does at run time.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/input_spec.h"
#include "pipeline/crop_store.h"

namespace durward {

// The detector to use where the user names none: DURWARD_DETECTOR, the shared assets' YuNet, or the
// BlazeFace that scripts/setup fetches, the first that is there. NotFound says what to do.
[[nodiscard]] absl::StatusOr<std::filesystem::path> default_detector();

struct CropOptions {
  InputSpec spec = {};
  // The pictures are crops already: they are only scaled to the specification's size.
  bool aligned = false;
  // Every face of a picture, not only the one nearest to its middle.
  bool all_faces = false;
  // Needed unless `aligned`, or the specification aligns no face.
  std::optional<std::filesystem::path> detector = {};
  std::optional<int> detector_side = {};  // FaceDetectorOptions::max_side
  int threads = 1;
  Progress progress = {};
};

struct SkippedImage {
  std::filesystem::path path;
  std::string reason;
};

struct CropSet {
  CropStore crops;
  std::vector<int64_t> image_of_crop;  // index into the images that were given, ascending
  std::vector<SkippedImage> skipped;   // unreadable, or without a face
};

// In the order of `images`, whatever the number of threads. A picture that cannot be read or shows
// no face is skipped. Errors: the detector's and the temporary file's; FailedPrecondition where a
// detector is needed and none was named; InvalidArgument where every picture was skipped, with the
// first reason; Cancelled.
[[nodiscard]] absl::StatusOr<CropSet> collect_crops(std::span<const std::filesystem::path> images,
                                                    const CropOptions& options);

}  // namespace durward
