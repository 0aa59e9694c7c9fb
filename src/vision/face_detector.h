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
  std::optional<double> min_score = {};  // 0..1; by default 0.6 for YuNet, 0.5 for BlazeFace
  // A picture whose longer side has more pixels is shrunk to it, 32 to 2048; by default YuNet's own
  // 320. More finds smaller faces and takes longer.
  std::optional<int> max_side = {};
};

// One thread at a time; each worker loads its own.
class FaceDetector {
 public:
  // A .onnx file is a YuNet, a .tflite file and a .bundle a BlazeFace. Errors: those of their
  // load(); InvalidArgument for another ending, a side out of range, and a side for BlazeFace,
  // whose input has one size.
  [[nodiscard]] static absl::StatusOr<FaceDetector> load(const std::filesystem::path& path,
                                                         const FaceDetectorOptions& options = {});

  // The faces by falling score; none is no error. InvalidArgument for an empty image.
  [[nodiscard]] absl::StatusOr<std::vector<Face>> detect(const Image& image);

  // Which landmarks its faces have: five with YuNet, else the eyes, the nose and the mouth's
  // middle.
  [[nodiscard]] bool finds_mouth_corners() const {
    return std::holds_alternative<YuNet>(detector_);
  }

 private:
  explicit FaceDetector(std::variant<YuNet, BlazeFace> detector) : detector_(std::move(detector)) {}

  std::variant<YuNet, BlazeFace> detector_;
};

}  // namespace durward
