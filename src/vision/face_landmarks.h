// 68 landmarks of a face by PFLD (X. Guo et al., "PFLD: a practical facial landmark detector",
// 2019), in the order of iBUG 300-W (C. Sagonas et al., ICCV workshops 2013): jaw 0-16, brows
// 17-26, nose 27-35, right eye 36-41, left eye 42-47, mouth 48-67.
#pragma once

#include <array>
#include <memory>

#include "base/status.h"
#include "data/image.h"
#include "runtimes/embedder.h"
#include "vision/face.h"

namespace durward {

using FaceShape = std::array<Point, 68>;

// The five points of a shape: the middles between the corners of each eye, the nose's tip, the
// mouth's corners.
[[nodiscard]] Landmarks five_points(const FaceShape& shape);

// How far the eyes are open: the mean of both eyes' aspect ratios, height over width (T. Soukupova,
// J. Cech, "Real-time eye blink detection using facial landmarks", CVWW 2016). 0 where an eye has
// no width.
[[nodiscard]] double eye_aspect_ratio(const FaceShape& shape);

// One thread at a time.
class FaceLandmarks {
 public:
  // A model that takes 112 x 112 RGB in 0..1 and gives 136 values in 0..1 of its input's side.
  // InvalidArgument where it is none, Embedder::create's errors.
  [[nodiscard]] static absl::StatusOr<FaceLandmarks> create(std::unique_ptr<RuntimeModel> model);

  // Of the face in this box, in pixels of the picture. Errors: the model's; InvalidArgument for a
  // box that is not in the picture, or a result that is not finite.
  [[nodiscard]] absl::StatusOr<FaceShape> find(const Image& image, const Box& box);

 private:
  explicit FaceLandmarks(Embedder model) : model_(std::move(model)) {}

  Embedder model_;
};

}  // namespace durward
