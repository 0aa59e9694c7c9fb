#include "vision/face_detector.h"

#include <absl/strings/ascii.h>

namespace durward {
namespace {

constexpr int kSmallestSide = 32;
constexpr int kLargestSide = 2048;

}  // namespace

absl::StatusOr<FaceDetector> FaceDetector::load(const std::filesystem::path& path,
                                                const FaceDetectorOptions& options) {
  const std::string ending = absl::AsciiStrToLower(path.extension().string());
  if (options.max_side && (*options.max_side < kSmallestSide || *options.max_side > kLargestSide)) {
    return absl::InvalidArgumentError(absl::StrCat("a face detector's longest side is ",
                                                   kSmallestSide, " to ", kLargestSide,
                                                   " pixels, not ", *options.max_side));
  }
  if (ending == ".onnx") {
    YuNetOptions yunet{.threads = options.threads};
    yunet.max_side = options.max_side.value_or(yunet.max_side);
    yunet.min_score = options.min_score.value_or(yunet.min_score);
    DURWARD_ASSIGN_OR_RETURN(YuNet detector, YuNet::load(path, yunet));
    return FaceDetector(std::move(detector));
  }
  if (ending == ".tflite" || ending == ".bundle") {
    if (options.max_side) {
      return absl::InvalidArgumentError(absl::StrCat(
          path.string(), ": BlazeFace's input has one size, a longest side is for YuNet"));
    }
    BlazeFaceOptions blazeface{.threads = options.threads};
    blazeface.min_score = options.min_score.value_or(blazeface.min_score);
    DURWARD_ASSIGN_OR_RETURN(BlazeFace detector, BlazeFace::load(path, blazeface));
    return FaceDetector(std::move(detector));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      path.string(),
      ": expected a face detector: YuNet (.onnx) or BlazeFace (.tflite, or a .bundle of it)"));
}

absl::StatusOr<std::vector<Face>> FaceDetector::detect(const Image& image) {
  return std::visit([&image](auto& detector) { return detector.detect(image); }, detector_);
}

}  // namespace durward
