// The module: devices, pipelines and video files, all through OpenCV's videoio.
#include <cmath>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "capture/video_module.h"
#include "data/image_mat.h"

namespace durward {
namespace {

// What a source that gave no picture is told to have done.
enum class VideoKind { kDevice, kPipeline, kFile };

class VideoSource final : public PictureSource {
 public:
  VideoSource(cv::VideoCapture capture, VideoKind kind, const CameraOptions& options)
      : capture_(std::move(capture)), kind_(kind), options_(options) {
    if (kind == VideoKind::kFile) promised_ = capture_.get(cv::CAP_PROP_FRAME_COUNT);
  }

  absl::Status grab() override {
    try {
      if (capture_.grab()) {
        ++grabbed_;
        taken_ms_ = driver_time();
        return absl::OkStatus();
      }
    } catch (const cv::Exception& error) {
      return absl::UnavailableError(absl::StrCat("no picture: ", error.what()));
    }
    return ended();
  }

  absl::StatusOr<Image> retrieve() override {
    try {
      cv::Mat bgr;
      if (!capture_.retrieve(bgr) || bgr.empty()) {
        return absl::UnavailableError(absl::StrCat("picture ", grabbed_, " is damaged"));
      }
      DURWARD_RETURN_IF_ERROR(check_frame_size(bgr.cols, bgr.rows, options_));
      Image image(bgr.cols, bgr.rows);
      cv::Mat rgb = as_mat(image);
      if (bgr.type() == CV_8UC3) {
        cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
      } else if (bgr.type() == CV_8UC1) {
        cv::cvtColor(bgr, rgb, cv::COLOR_GRAY2RGB);
      } else {
        return absl::UnavailableError(
            "its pictures are neither BGR nor grey with 8 bits; let the pipeline convert them: "
            "videoconvert ! video/x-raw,format=BGR ! appsink");
      }
      return image;
    } catch (const cv::Exception& error) {
      return absl::UnavailableError(absl::StrCat("picture ", grabbed_, ": ", error.what()));
    }
  }

  std::optional<int64_t> taken_ms() const override { return taken_ms_; }
  double frames_per_second() const override { return capture_.get(cv::CAP_PROP_FPS); }

 private:
  absl::Status ended() const {
    switch (kind_) {
      case VideoKind::kDevice:
        return absl::UnavailableError("the camera gives no pictures any more: is it plugged in?");
      case VideoKind::kPipeline:
        return absl::UnavailableError(
            absl::StrCat("the pipeline ended after ", grabbed_,
                         " pictures, or failed; run it with gst-launch-1.0 to see why"));
      case VideoKind::kFile:
        break;
    }
    if (grabbed_ + 1 < promised_) {
      return absl::UnavailableError(absl::StrCat("the video ended after ", grabbed_, " of ",
                                                 promised_,
                                                 " pictures: it is cut short or damaged"));
    }
    return absl::OutOfRangeError(absl::StrCat("the video ended after ", grabbed_, " pictures"));
  }

  // V4L2 stamps buffers by CLOCK_MONOTONIC, and OpenCV gives that as the position. Some drivers
  // stamp otherwise: a time that cannot be is none.
  std::optional<int64_t> driver_time() const {
    if (kind_ != VideoKind::kDevice) return std::nullopt;
    const double position = capture_.get(cv::CAP_PROP_POS_MSEC);
    const auto now = static_cast<double>(monotonic_ms());
    constexpr double kOldestMilliseconds = 10'000;
    if (!(position > now - kOldestMilliseconds) || position > now + 1) return std::nullopt;
    return std::llround(position);
  }

  cv::VideoCapture capture_;
  VideoKind kind_;
  CameraOptions options_;
  double promised_ = 0;  // pictures, by the file's header
  int64_t grabbed_ = 0;
  std::optional<int64_t> taken_ms_;
};

// OpenCV tells on the standard error what we return as an error.
void quieten_opencv() { cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT); }

absl::StatusOr<std::unique_ptr<PictureSource>> opened(cv::VideoCapture capture, VideoKind kind,
                                                      const CameraOptions& options) {
  const int width = static_cast<int>(capture.get(cv::CAP_PROP_FRAME_WIDTH));
  const int height = static_cast<int>(capture.get(cv::CAP_PROP_FRAME_HEIGHT));
  DURWARD_RETURN_IF_ERROR(check_frame_size(width, height, options));
  return std::make_unique<VideoSource>(std::move(capture), kind, options);
}

bool try_open(cv::VideoCapture& capture, const std::string& name, int backend) {
  try {
    return capture.open(name, backend);
  } catch (const cv::Exception&) {
    return false;
  }
}

absl::StatusOr<std::unique_ptr<PictureSource>> open_device_with_opencv(
    const std::string& path, const CameraOptions& options) {
  quieten_opencv();
  cv::VideoCapture capture;
  if (!try_open(capture, path, cv::CAP_V4L2)) {
    return absl::UnavailableError(
        "the camera does not open: another program may use it, or it is no camera that gives "
        "pictures (some have a second device for metadata)");
  }
  if (options.width > 0 && options.height > 0) {
    capture.set(cv::CAP_PROP_FRAME_WIDTH, options.width);
    capture.set(cv::CAP_PROP_FRAME_HEIGHT, options.height);
  }
  return opened(std::move(capture), VideoKind::kDevice, options);
}

absl::StatusOr<std::unique_ptr<PictureSource>> open_pipeline_with_opencv(
    const std::string& pipeline, const CameraOptions& options) {
  quieten_opencv();
  cv::VideoCapture capture;
  if (!try_open(capture, pipeline, cv::CAP_GSTREAMER)) {
    return absl::UnavailableError(
        "the pipeline does not start: run it with gst-launch-1.0 to see why. It must end in "
        "\"videoconvert ! video/x-raw,format=BGR ! appsink\"; appsink and videoconvert are in "
        "Debian's gstreamer1.0-plugins-base");
  }
  return opened(std::move(capture), VideoKind::kPipeline, options);
}

absl::StatusOr<std::unique_ptr<PictureSource>> open_video_with_opencv(
    const std::string& path, const CameraOptions& options) {
  quieten_opencv();
  // Named, so that nothing else takes the file's name for a pattern or a pipeline.
  for (const int backend : {cv::CAP_FFMPEG, cv::CAP_OPENCV_MJPEG}) {
    cv::VideoCapture capture;
    if (try_open(capture, path, backend)) {
      return opened(std::move(capture), VideoKind::kFile, options);
    }
  }
  return absl::UnavailableError(
      "not a video that OpenCV can read here, nor a picture: it is damaged, or of another format");
}

constexpr VideoModule kVideoModule = {&open_device_with_opencv, &open_pipeline_with_opencv,
                                      &open_video_with_opencv};

}  // namespace
}  // namespace durward

extern "C" const durward::VideoModule* durward_video_module() { return &durward::kVideoModule; }
