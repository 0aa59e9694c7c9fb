// Finds the pictures in a folder.
#pragma once

#include <filesystem>
#include <vector>

#include "base/status.h"

namespace durward {

struct ImageFolder {
  std::vector<std::filesystem::path> images;   // sorted by the bytes of the path
  std::vector<std::filesystem::path> skipped;  // files that are no pictures, sorted alike
};

// All JPEG, PNG, BMP and WebP files in `folder` and its subfolders, told by their first bytes, not
// by their names; links to folders are followed, each folder is visited once. The order depends on
// the names alone. Errors: NotFound, InvalidArgument (not a folder, or no picture in it),
// PermissionDenied; each names the path.
[[nodiscard]] absl::StatusOr<ImageFolder> list_images(const std::filesystem::path& folder);

}  // namespace durward
