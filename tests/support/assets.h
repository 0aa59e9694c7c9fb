// The shared test assets: real models and data, which live outside the repository.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "support/folders.h"

namespace durward {

// The asset at `relative` under the environment variable DURWARD_ASSETS, or ../shared/assets beside
// the source tree; nothing where it is not there. A test that needs it then skips, saying so.
[[nodiscard]] inline std::optional<std::filesystem::path> asset(std::string_view relative) {
  const char* folder = std::getenv("DURWARD_ASSETS");
  const std::filesystem::path path =
      (folder != nullptr ? std::filesystem::path(folder)
                         : source_folder() / ".." / "shared" / "assets") /
      relative;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  return path;
}

}  // namespace durward
