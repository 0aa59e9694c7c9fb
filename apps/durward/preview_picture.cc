#include "preview_picture.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <string>

#include "data/image_mat.h"

namespace durward {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kTextShare = 0.04;  // of the height: the letters
constexpr double kBandShare = 0.10;  // what darkens behind them
const cv::Scalar kWhite(255, 255, 255), kGreen(80, 220, 100);

void write_words(cv::Mat& picture, const std::string& words) {
  const int thickness = std::max(1, picture.rows / 200);
  const int band = static_cast<int>(picture.rows * kBandShare);
  cv::Mat bottom = picture.rowRange(picture.rows - band, picture.rows);
  bottom *= 0.35;
  double scale = cv::getFontScaleFromHeight(
      kFont, std::max(1, static_cast<int>(picture.rows * kTextShare)), thickness);
  int baseline = 0;
  const int width = cv::getTextSize(words, kFont, scale, thickness, &baseline).width;
  if (width > picture.cols) scale *= static_cast<double>(picture.cols) / width;
  const cv::Size size = cv::getTextSize(words, kFont, scale, thickness, &baseline);
  cv::putText(bottom, words, {(picture.cols - size.width) / 2, (band + size.height) / 2}, kFont,
              scale, kWhite, thickness, cv::LINE_AA);
}

}  // namespace

Image preview_picture(const Image& frame, const std::optional<Box>& face, std::string_view words) {
  Image mirrored(frame.width, frame.height);
  cv::Mat picture = as_mat(mirrored);
  cv::flip(as_mat(frame), picture, 1);
  if (face) {
    const cv::Point2d centre(frame.width - 1 - (face->x + face->width / 2),
                             face->y + face->height / 2);
    const cv::Size2d size(face->width * 1.1, face->height * 1.1);
    cv::ellipse(picture, cv::RotatedRect(centre, size, 0), kGreen, std::max(1, frame.height / 200),
                cv::LINE_AA);
  }
  if (!words.empty()) write_words(picture, std::string(words));
  return mirrored;
}

}  // namespace durward
