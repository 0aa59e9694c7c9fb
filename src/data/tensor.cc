#include "data/tensor.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "data/image_mat.h"

namespace durward {
namespace {

int opencv_flag(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::kNearest:
      return cv::INTER_NEAREST;
    case Interpolation::kBilinear:
      return cv::INTER_LINEAR;
    case Interpolation::kBicubic:
      return cv::INTER_CUBIC;
    case Interpolation::kArea:
      return cv::INTER_AREA;
  }
  return cv::INTER_LINEAR;
}

Image resized(const cv::Mat& source, int width, int height, Interpolation interpolation) {
  Image result(width, height);
  cv::Mat target = as_mat(result);
  cv::resize(source, target, target.size(), 0, 0, opencv_flag(interpolation));
  return result;
}

absl::Status check_sizes(const Image& image, int width, int height) {
  if (image.rgb.empty()) return absl::InvalidArgumentError("an empty image cannot be resized");
  if (width < 1 || height < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("an image cannot be resized to ", width, " x ", height));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Image> resize_image(const Image& image, int width, int height,
                                   Interpolation interpolation) {
  DURWARD_RETURN_IF_ERROR(check_sizes(image, width, height));
  return resized(as_mat(image), width, height, interpolation);
}

absl::StatusOr<Image> resize_to_spec(const Image& image, const InputSpec& spec) {
  DURWARD_RETURN_IF_ERROR(check_sizes(image, spec.width, spec.height));
  cv::Rect part(0, 0, image.width, image.height);
  if (spec.alignment == Alignment::kCenterCrop) {
    // The side that is too long for the proportions is cut, by the nearest whole pixel.
    const int64_t w = image.width, h = image.height;
    if (w * spec.height > h * spec.width) {
      part.width = static_cast<int>(std::max<int64_t>(1, h * spec.width / spec.height));
    } else {
      part.height = static_cast<int>(std::max<int64_t>(1, w * spec.height / spec.width));
    }
    part.x = (image.width - part.width) / 2;
    part.y = (image.height - part.height) / 2;
  }
  return resized(as_mat(image)(part), spec.width, spec.height, spec.interpolation);
}

absl::Status fill_tensor(const Image& image, const InputSpec& spec, std::span<float> tensor) {
  if (image.width != spec.width || image.height != spec.height) {
    return absl::InvalidArgumentError(absl::StrCat("the picture has ", image.width, " x ",
                                                   image.height, " pixels; the model takes ",
                                                   spec.width, " x ", spec.height));
  }
  if (tensor.size() != image.rgb.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the tensor has ", tensor.size(), " elements; the picture fills ", image.rgb.size()));
  }
  const size_t pixels = image.rgb.size() / 3;
  for (size_t c = 0; c < 3; ++c) {
    // 8 bits have 256 values: each is normalised once, in double, and rounded once.
    std::array<float, 256> normalised{};
    for (size_t x = 0; x < normalised.size(); ++x) {
      normalised[x] = static_cast<float>((static_cast<double>(x) - spec.mean[c]) / spec.std[c]);
    }
    const uint8_t* source = image.rgb.data() + (spec.channels == ChannelOrder::kRgb ? c : 2 - c);
    float* target = tensor.data() + c;
    for (size_t i = 0; i < pixels; ++i) target[i * 3] = normalised[source[i * 3]];
  }
  return absl::OkStatus();
}

}  // namespace durward
