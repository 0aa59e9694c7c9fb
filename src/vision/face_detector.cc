#include "vision/face_detector.h"

#include <absl/strings/ascii.h>

namespace durward {

absl::StatusOr<FaceDetector> FaceDetector::load(const std::filesystem::path& path,
                                                const FaceDetectorOptions& options) {
  const std::string ending = absl::AsciiStrToLower(path.extension().string());
  if (ending == ".onnx") {
    YuNetOptions yunet{.threads = options.threads};
    yunet.min_score = options.min_score.value_or(yunet.min_score);
    DURWARD_ASSIGN_OR_RETURN(YuNet detector, YuNet::load(path, yunet));
    return FaceDetector(std::move(detector));
  }
  if (ending == ".tflite") {
    BlazeFaceOptions blazeface{.threads = options.threads};
    blazeface.min_score = options.min_score.value_or(blazeface.min_score);
    DURWARD_ASSIGN_OR_RETURN(BlazeFace detector, BlazeFace::load(path, blazeface));
    return FaceDetector(std::move(detector));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      path.string(), ": expected a face detector: YuNet (.onnx) or BlazeFace (.tflite)"));
}

absl::StatusOr<std::vector<Face>> FaceDetector::detect(const Image& image) {
  return std::visit([&image](auto& detector) { return detector.detect(image); }, detector_);
}

}  // namespace durward
