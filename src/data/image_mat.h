// An Image seen as an OpenCV matrix (CV_8UC3, RGB), sharing its pixels.
#pragma once

#include <opencv2/core.hpp>

#include "data/image.h"

namespace durward {

[[nodiscard]] inline cv::Mat as_mat(Image& image) {
  return {image.height, image.width, CV_8UC3, image.rgb.data()};
}

// cv::Mat knows no const pixels: the result is const, and is to be read only.
[[nodiscard]] inline const cv::Mat as_mat(const Image& image) {
  return {image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.rgb.data())};
}

}  // namespace durward
