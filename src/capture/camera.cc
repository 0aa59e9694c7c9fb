#include "capture/camera.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_join.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "capture/live_camera.h"
#include "capture/played_camera.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

constexpr double kPictureFolderRate = 10;
constexpr std::string_view kPipelinePrefix = "gst:";
constexpr std::string_view kDevicePrefix = "video";

// The number behind "video", or nothing.
std::optional<int> device_number(const std::string& name) {
  int number = 0;
  if (!absl::StartsWith(name, std::string(kDevicePrefix)) ||
      !absl::SimpleAtoi(name.substr(kDevicePrefix.size()), &number)) {
    return std::nullopt;
  }
  return number;
}

std::string device_name(const fs::path& names, const std::string& device) {
  std::ifstream file(names / device / "name");
  std::string name;
  std::getline(file, name);
  return name;
}

bool is_device(const std::string& place) {
  const bool digits = !place.empty() && std::all_of(place.begin(), place.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  return digits || absl::StartsWith(place, "/dev/");
}

std::string cameras_here() {
  const std::vector<CameraDevice> cameras = list_cameras();
  if (cameras.empty()) {
    return "there is none on this machine (no /dev/video*): plug one in, or name a video, a folder "
           "of pictures or a pipeline (gst:...)";
  }
  return "cameras here: " +
         absl::StrJoin(cameras, ", ", [](std::string* out, const CameraDevice& camera) {
           absl::StrAppend(out, camera.path);
           if (!camera.name.empty()) absl::StrAppend(out, " (", camera.name, ")");
         });
}

absl::StatusOr<std::unique_ptr<Camera>> open_v4l2(const std::string& place,
                                                  const CameraOptions& options) {
  const std::string path = absl::StartsWith(place, "/dev/") ? place : "/dev/video" + place;
  std::error_code error;
  if (!fs::exists(path, error)) {
    return absl::NotFoundError(absl::StrCat("no camera at ", path, "; ", cameras_here()));
  }
  if (::access(path.c_str(), R_OK | W_OK) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        path,
        ": this user may not use the camera: add him to its group (usermod -a -G video NAME)"));
  }
  const std::string name =
      device_name("/sys/class/video4linux", fs::path(path).filename().string());
  return open_live_camera(absl::StrCat("v4l2:", path, name.empty() ? "" : " " + name),
                          [path, options] { return open_device(path, options); });
}

absl::StatusOr<std::unique_ptr<Camera>> open_recording(const std::string& place,
                                                       const CameraOptions& options) {
  std::error_code error;
  const bool folder = fs::is_directory(place, error);
  if (!folder && !fs::is_regular_file(place, error)) {
    return absl::NotFoundError(
        absl::StrCat(place, ": neither a camera nor a file or folder; ", cameras_here()));
  }
  const bool pictures = folder || is_picture(place);
  const OpenSource open = [place, options, pictures] {
    return pictures ? open_pictures(place, options) : open_video(place, options);
  };
  return open_played_camera("file:" + place, open, options, kPictureFolderRate);
}

}  // namespace

std::vector<CameraDevice> list_cameras(const fs::path& devices, const fs::path& names) {
  std::vector<std::pair<int, std::string>> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(devices, error)) {
    const std::string name = entry.path().filename().string();
    if (const std::optional<int> number = device_number(name)) found.emplace_back(*number, name);
  }
  std::sort(found.begin(), found.end());
  std::vector<CameraDevice> cameras;
  for (const auto& [number, name] : found) {
    cameras.push_back({(devices / name).string(), device_name(names, name)});
  }
  return cameras;
}

absl::StatusOr<std::unique_ptr<Camera>> open_camera(const std::string& place,
                                                    const CameraOptions& options) {
  if (options.max_width < 1 || options.max_height < 1 || options.width < 0 || options.height < 0) {
    return absl::InvalidArgumentError("a camera's frames have at least one pixel");
  }
  if (place.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no camera was named; ", cameras_here()));
  }
  if (absl::StartsWith(place, std::string(kPipelinePrefix))) {
    const std::string pipeline = place.substr(kPipelinePrefix.size());
    return open_live_camera(place,
                            [pipeline, options] { return open_pipeline(pipeline, options); });
  }
  if (is_device(place)) return open_v4l2(place, options);
  return open_recording(place, options);
}

}  // namespace durward
