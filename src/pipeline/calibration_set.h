// The pictures of a calibration folder as crops.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/crops.h"

namespace durward {

struct CalibrationSet {
  CropSet crops;
  std::vector<std::filesystem::path> pictures;  // that were chosen, in the order of their names
  int64_t other_files = 0;                      // in the folder, that are no pictures
  // SHA-256 of the pictures' names and sizes: tells whether two runs calibrated on the same ones.
  std::string digest;
};

// At most `images` >= 1 pictures of the folder, evenly spaced over their names. Errors: those of
// list_images and collect_crops, naming the folder.
[[nodiscard]] absl::StatusOr<CalibrationSet> load_calibration_set(
    const std::filesystem::path& folder, int64_t images, const CropOptions& options);

}  // namespace durward
