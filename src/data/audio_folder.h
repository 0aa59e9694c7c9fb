// Finds the recordings in a folder.
#pragma once

#include <filesystem>

#include "data/folder.h"

namespace durward {

// All WAV, FLAC and Ogg files in `folder` and its subfolders, told by their first bytes, not by
// their names. Order and errors: as list_files.
[[nodiscard]] absl::StatusOr<FolderFiles> list_recordings(const std::filesystem::path& folder);

}  // namespace durward
