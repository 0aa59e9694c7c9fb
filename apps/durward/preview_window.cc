#include "preview_window.h"

#include <cstdlib>

#include "base/module.h"

namespace durward {

bool has_display() {
  const auto named = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  return named("DISPLAY") || named("WAYLAND_DISPLAY");
}

absl::StatusOr<std::unique_ptr<PreviewWindow>> open_preview_window() {
  if (!has_display()) {
    return absl::UnavailableError(
        "no preview: neither DISPLAY nor WAYLAND_DISPLAY names a display");
  }
  DURWARD_ASSIGN_OR_RETURN(void* const function,
                           module_function(DURWARD_PREVIEW_MODULE, "durward_open_preview"));
  absl::StatusOr<std::unique_ptr<PreviewWindow>> preview;
  reinterpret_cast<OpenPreview*>(function)(&preview);
  return preview;
}

}  // namespace durward
