// What a camera is made of: something that gives one picture after the other, as fast as it is
// asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "capture/camera.h"

namespace durward {

// One thread at a time.
class PictureSource {
 public:
  virtual ~PictureSource() = default;
  // Waits for the next picture. OutOfRange where a recording has ended as it should; Unavailable
  // where the source is lost.
  [[nodiscard]] virtual absl::Status grab() = 0;
  // Decodes what was grabbed. ResourceExhausted where it is too large, Unavailable where it is
  // damaged.
  [[nodiscard]] virtual absl::StatusOr<Image> retrieve() = 0;
  // When it was taken, by CLOCK_MONOTONIC in milliseconds, where the driver tells.
  [[nodiscard]] virtual std::optional<int64_t> taken_ms() const { return std::nullopt; }
  // Of a recording; 0 where it has none of its own.
  [[nodiscard]] virtual double frames_per_second() const { return 0; }
};

// Opens the same source from its beginning.
using OpenSource = std::function<absl::StatusOr<std::unique_ptr<PictureSource>>()>;

[[nodiscard]] absl::StatusOr<std::unique_ptr<PictureSource>> open_device(
    const std::string& path, const CameraOptions& options);
[[nodiscard]] absl::StatusOr<std::unique_ptr<PictureSource>> open_pipeline(
    const std::string& pipeline, const CameraOptions& options);
[[nodiscard]] absl::StatusOr<std::unique_ptr<PictureSource>> open_video(
    const std::string& path, const CameraOptions& options);
// Whether the file begins as a picture does.
[[nodiscard]] bool is_picture(const std::string& path);
// A picture, or a folder of them.
[[nodiscard]] absl::StatusOr<std::unique_ptr<PictureSource>> open_pictures(
    const std::string& path, const CameraOptions& options);

// ResourceExhausted, with the size, where it is above the options'.
[[nodiscard]] absl::Status check_frame_size(int width, int height, const CameraOptions& options);

// CLOCK_MONOTONIC.
[[nodiscard]] int64_t monotonic_ms();

}  // namespace durward
