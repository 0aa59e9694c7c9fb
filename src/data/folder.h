// Finds the files of one kind in a folder and its subfolders.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

struct FileKind {
  std::string_view name;     // "pictures": for errors
  std::string_view formats;  // "JPEG, PNG, BMP or WebP"
  size_t signature_bytes;    // of a file's start, that tell its kind; fewer of a shorter file
  std::function<bool(std::span<const std::byte> start)> accepts;
};

struct FolderFiles {
  std::vector<std::filesystem::path> files;    // of the kind, sorted by the bytes of the path
  std::vector<std::filesystem::path> skipped;  // others, sorted alike
};

// Links to folders are followed, each folder is visited once. The order depends on the names alone.
// Errors: NotFound, InvalidArgument (not a folder, or no file of the kind in it), PermissionDenied;
// each names the path.
[[nodiscard]] absl::StatusOr<FolderFiles> list_files(const std::filesystem::path& folder,
                                                     const FileKind& kind);

}  // namespace durward
