#include "data/image.h"

#include <opencv2/imgproc.hpp>

#include "base/file.h"
#include "data/image_header.h"
#include "data/image_mat.h"
#include "data/opencv_codecs.h"

namespace durward {
namespace {

absl::Status damaged(ImageFormat format, std::string_view name) {
  return absl::InvalidArgumentError(absl::StrCat(
      std::string(name), ": damaged ", std::string(to_string(format)), ": the decoder refuses it"));
}

}  // namespace

absl::StatusOr<Image> decode_image(std::span<const std::byte> bytes, std::string_view name,
                                   const ImageLimits& limits) {
  const absl::StatusOr<ImageHeader> header = read_image_header(bytes);
  if (!header.ok()) return with_context(header.status(), name);
  if (header->width > limits.max_pixels / header->height) {
    return absl::ResourceExhaustedError(absl::StrCat(
        std::string(name), ": ", header->width, " x ", header->height,
        " pixels, more than the limit of ", limits.max_pixels, "; make the picture smaller"));
  }
  DURWARD_ASSIGN_OR_RETURN(const OpenCvCodecs* const codecs, opencv_codecs());
  try {
    const cv::Mat bgr = codecs->decode(bytes);
    if (bgr.empty()) return damaged(header->format, name);
    Image image(bgr.cols, bgr.rows);
    cv::Mat rgb = as_mat(image);
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    return image;
  } catch (const cv::Exception&) {
    return damaged(header->format, name);
  }
}

absl::StatusOr<Image> read_image(const std::filesystem::path& path, const ImageLimits& limits) {
  DURWARD_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(path, limits.max_bytes));
  return decode_image(bytes, path.string(), limits);
}

absl::StatusOr<std::vector<std::byte>> encode_jpeg(const Image& image, int quality) {
  if (image.rgb.empty()) return absl::InvalidArgumentError("an empty image cannot be encoded");
  DURWARD_ASSIGN_OR_RETURN(const OpenCvCodecs* const codecs, opencv_codecs());
  try {
    cv::Mat bgr;
    cv::cvtColor(as_mat(image), bgr, cv::COLOR_RGB2BGR);
    std::vector<std::byte> jpeg = codecs->encode_jpeg(bgr, quality);
    if (jpeg.empty()) return absl::InternalError("the JPEG encoder failed");
    return jpeg;
  } catch (const cv::Exception& error) {
    return absl::InternalError(absl::StrCat("the JPEG encoder failed: ", error.what()));
  }
}

absl::Status write_jpeg(const std::filesystem::path& path, const Image& image, int quality) {
  const absl::StatusOr<std::vector<std::byte>> jpeg = encode_jpeg(image, quality);
  if (!jpeg.ok()) return with_context(jpeg.status(), path.string());
  return write_file_atomic(path, std::span<const std::byte>(*jpeg));
}

}  // namespace durward
