// The module: the one file that links to OpenCV's codecs.
#include <opencv2/imgcodecs.hpp>

#include "data/opencv_codecs.h"

namespace durward {
namespace {

cv::Mat decode_with_opencv(std::span<const std::byte> bytes) {
  try {
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                          const_cast<std::byte*>(bytes.data()));
    return cv::imdecode(encoded, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
    return {};
  }
}

std::vector<std::byte> encode_jpeg_with_opencv(const cv::Mat& bgr, int quality) {
  try {
    std::vector<uchar> jpeg;
    if (!cv::imencode(".jpg", bgr, jpeg, {cv::IMWRITE_JPEG_QUALITY, quality})) return {};
    const auto bytes = std::as_bytes(std::span(jpeg));
    return {bytes.begin(), bytes.end()};
  } catch (const cv::Exception&) {
    return {};
  }
}

constexpr OpenCvCodecs kOpenCvCodecs = {&decode_with_opencv, &encode_jpeg_with_opencv};

}  // namespace
}  // namespace durward

extern "C" const durward::OpenCvCodecs* durward_opencv_codecs() { return &durward::kOpenCvCodecs; }
