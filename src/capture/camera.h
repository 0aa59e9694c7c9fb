// Sources of what is authenticated. A camera gives pictures with the time at which they were taken;
// behind it is a device, a recording or a pipeline, and whoever uses it cannot tell which.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/image.h"

namespace durward {

struct Frame {
  Image image;
  int64_t taken_ms = 0;  // CLOCK_MONOTONIC, as SteadySessionClock
};

struct CameraOptions {
  // A larger frame is refused, before it is decoded where its size is known by then.
  int max_width = 1920, max_height = 1080;
  // What a device is asked for; it may give another size. 0: what the driver begins with.
  int width = 0, height = 0;
  // Of a recording: at which rate it is played. 0: a video's own, 10 of a folder of pictures.
  double frames_per_second = 0;
  bool loop = false;  // a recording begins anew when it has ended
  // Of a recording: false gives each picture as soon as it is asked for.
  bool real_pace = true;
};

// One thread at a time; stop() from any.
class Camera {
 public:
  virtual ~Camera() = default;
  // The device, for people and for comparison: the same as long as it is the same device.
  [[nodiscard]] virtual const std::string& source() const = 0;
  // The next picture. A device gives the newest, so that who is slow misses some; a recording gives
  // every one, with the time at which it was due. DeadlineExceeded where none comes before
  // `until_ms` (CLOCK_MONOTONIC); Cancelled after stop(); ResourceExhausted for a picture above the
  // options' size; Unavailable, from then on, where the source is lost or a recording has ended.
  [[nodiscard]] virtual absl::StatusOr<Frame> next(int64_t until_ms) = 0;
  // What waits in next() returns soon, and every later one at once.
  virtual void stop() = 0;
  // Forgets a stop and what waits in buffers. A recording begins anew; a source that was lost is
  // opened again. Errors: open_camera()'s.
  [[nodiscard]] virtual absl::Status restart() = 0;
};

// "0" or "/dev/video0" (V4L2), a video file, a picture or a folder of pictures (in the order of
// their names), "gst:" and a GStreamer pipeline that ends in "appsink". NotFound where there is no
// such thing, saying which cameras there are; PermissionDenied; Unavailable where it does not open;
// InvalidArgument for options out of range; ResourceExhausted for a source whose pictures are above
// the options' size.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Camera>> open_camera(const std::string& place,
                                                                  const CameraOptions& options);

struct CameraDevice {
  std::string path;  // "/dev/video0"
  std::string name;  // as its driver calls it; may be empty
};
// The V4L2 devices of this machine, by number.
[[nodiscard]] std::vector<CameraDevice> list_cameras(
    const std::filesystem::path& devices = "/dev",
    const std::filesystem::path& names = "/sys/class/video4linux");

}  // namespace durward
