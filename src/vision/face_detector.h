// Finds faces with whichever detector the model file is.
#pragma once

#include <filesystem>
#include <optional>
#include <variant>
#include <vector>

#include "base/status.h"
#include "data/image.h"
#include "vision/blazeface.h"
#include "vision/face.h"
#include "vision/yunet.h"

namespace durward {

struct FaceDetectorOptions {
  int threads = 1;
  std::optional<double> min_score;  // 0..1; by default the detector's own, 0.6 YuNet, 0.5 BlazeFace
};

// One thread at a time; each worker loads its own.
class FaceDetector {
 public:
  // A .onnx file is a YuNet, a .tflite file a BlazeFace. Errors: those of their load();
  // InvalidArgument for another ending.
  [[nodiscard]] static absl::StatusOr<FaceDetector> load(const std::filesystem::path& path,
                                                         const FaceDetectorOptions& options = {});

  // The faces by falling score; none is no error. InvalidArgument for an empty image.
  [[nodiscard]] absl::StatusOr<std::vector<Face>> detect(const Image& image);

 private:
  explicit FaceDetector(std::variant<YuNet, BlazeFace> detector) : detector_(std::move(detector)) {}

  std::variant<YuNet, BlazeFace> detector_;
};

}  // namespace durward
