// A window that shows a person what the camera sees, and what to do.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "data/image.h"
#include "vision/face.h"

namespace durward {

// From any thread; nothing waits for the screen. A window that a person closes stays closed.
class PreviewWindow {
 public:
  virtual ~PreviewWindow() = default;
  // The frame, as preview_picture() draws it, until the next.
  virtual void show(const Image& frame, const std::optional<Box>& face) = 0;
  // The words under it, until others come; empty for none.
  virtual void tell(std::string_view words) = 0;
};

// Whether X or Wayland is named to this process.
[[nodiscard]] bool has_display();

// Unavailable where there is no display, or this build has no SDL, which it shows windows with.
[[nodiscard]] absl::StatusOr<std::unique_ptr<PreviewWindow>> open_preview_window();

// What the module has, as durward_open_preview.
using OpenPreview = void(absl::StatusOr<std::unique_ptr<PreviewWindow>>* preview);

}  // namespace durward
