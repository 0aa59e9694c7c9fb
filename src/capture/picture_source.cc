#include "capture/picture_source.h"

#include <chrono>

namespace durward {

int64_t monotonic_ms() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

absl::Status check_frame_size(int width, int height, const CameraOptions& options) {
  if (width <= options.max_width && height <= options.max_height) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("a frame of ", width, " x ", height,
                                                   " pixels, above the limit of ",
                                                   options.max_width, " x ", options.max_height));
}

}  // namespace durward
