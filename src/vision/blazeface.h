// BlazeFace, short range: the face detector of MediaPipe for faces within two metres
// (V. Bazarevsky, Y. Kartynnik, A. Vakunov, K. Raveendran, M. Grundmann, "BlazeFace:
// sub-millisecond neural face detection on mobile GPUs", 2019), as
// face_detection_short_range.tflite: 128 x 128 in, 896 anchors with 16 values and a score out.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/status.h"
#include "data/image.h"
#include "runtimes/runtime.h"
#include "vision/face.h"
#include "vision/suppression.h"

namespace durward {

struct BlazeFaceOptions {
  int threads = 1;
  double min_score = 0.5;
  double max_overlap = 0.3;  // detections that overlap by more are one face, and are averaged
};

// The middles of the 896 anchors in the model's order, 0..1 of the input's side: two for each cell
// of the 16 x 16 grid, then six for each of the 8 x 8 grid.
[[nodiscard]] std::vector<Point> blazeface_anchors();

// The detections with a score, sigmoid(scores[i]), of at least min_score, in 0..1 of the input's
// side. regressors: 896 x 16 (middle, size and six points, in pixels from the anchor); scores: 896.
// Rows that are not finite are left out.
[[nodiscard]] std::vector<Detection> decode_blazeface(std::span<const float> regressors,
                                                      std::span<const float> scores,
                                                      double min_score);

// One thread at a time.
class BlazeFace {
 public:
  // Loads a .tflite into LiteRT, or into OpenVINO where LiteRT is absent, and a .bundle of it into
  // our own engine. Errors: those of load_model; InvalidArgument where it is no BlazeFace of short
  // range.
  [[nodiscard]] static absl::StatusOr<BlazeFace> load(const std::filesystem::path& path,
                                                      const BlazeFaceOptions& options);

  // The faces by falling score; none is no error. The picture is scaled to fit and put in the
  // middle of the black input. The landmarks are the eyes, the nose and the middle of the mouth.
  [[nodiscard]] absl::StatusOr<std::vector<Face>> detect(const Image& image);

 private:
  BlazeFace(std::unique_ptr<RuntimeModel> model, size_t regressors, const BlazeFaceOptions& options)
      : model_(std::move(model)), regressors_(regressors), options_(options) {}

  std::unique_ptr<RuntimeModel> model_;
  size_t regressors_;  // index of that output; the other one is the scores
  BlazeFaceOptions options_;
};

}  // namespace durward
