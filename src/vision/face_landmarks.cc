#include "vision/face_landmarks.h"

#include <cmath>

#include "data/tensor.h"
#include "vision/face_crop.h"

namespace durward {
namespace {

constexpr size_t kRightEye = 36, kLeftEye = 42;
constexpr size_t kNoseTip = 30, kRightMouthCorner = 48, kLeftMouthCorner = 54;

// A square of 0.8 times the box's longer side, so that eyes are large. On 24 pictures for
// calibration whose lids were drawn shut, the aspect ratio fell to 0.69 of the open eye's; of 1.3,
// where the points lie nearest to YuNet's, to 0.86.
constexpr double kFaceScale = 0.8;
const InputSpec& landmark_spec() {
  static const InputSpec spec{.width = 112,
                              .height = 112,
                              .std = {255, 255, 255},
                              .alignment = Alignment::kFaceSquare,
                              .face_scale = kFaceScale};
  return spec;
}

// Between its corners: lids move.
Point eye_middle(const FaceShape& shape, size_t first) {
  const Point &a = shape[first], &b = shape[first + 3];
  return {(a.x + b.x) / 2, (a.y + b.y) / 2};
}

double length_between(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

double aspect_ratio(const FaceShape& shape, size_t first) {
  const double width = length_between(shape[first], shape[first + 3]);
  if (width == 0) return 0;
  return (length_between(shape[first + 1], shape[first + 5]) +
          length_between(shape[first + 2], shape[first + 4])) /
         (2 * width);
}

}  // namespace

Landmarks five_points(const FaceShape& shape) {
  return {.right_eye = eye_middle(shape, kRightEye),
          .left_eye = eye_middle(shape, kLeftEye),
          .nose = shape[kNoseTip],
          .right_mouth_corner = shape[kRightMouthCorner],
          .left_mouth_corner = shape[kLeftMouthCorner],
          .mouth = std::nullopt};
}

double eye_aspect_ratio(const FaceShape& shape) {
  return (aspect_ratio(shape, kRightEye) + aspect_ratio(shape, kLeftEye)) / 2;
}

absl::StatusOr<FaceLandmarks> FaceLandmarks::create(std::unique_ptr<RuntimeModel> model) {
  const InputSpec& spec = landmark_spec();
  DURWARD_ASSIGN_OR_RETURN(Embedder embedder,
                           Embedder::create(std::move(model), {1, spec.height, spec.width, 3}));
  if (embedder.dims() != 2 * static_cast<int>(FaceShape().size())) {
    return absl::InvalidArgumentError(absl::StrCat("not a model of 68 landmarks: it gives ",
                                                   embedder.dims(), " values, not 136"));
  }
  return FaceLandmarks(std::move(embedder));
}

absl::StatusOr<FaceShape> FaceLandmarks::find(const Image& image, const Box& box) {
  const InputSpec& spec = landmark_spec();
  DURWARD_ASSIGN_OR_RETURN(const Image crop, crop_face(image, {.box = box}, spec));
  std::vector<float> input(crop.rgb.size());
  DURWARD_RETURN_IF_ERROR(fill_tensor(crop, spec, input));
  DURWARD_ASSIGN_OR_RETURN(const std::vector<float> values, model_.embed(input));
  const Box part = square_part(box, spec.face_scale);
  FaceShape shape;
  for (size_t i = 0; i < shape.size(); ++i) {
    const double x = values[2 * i], y = values[2 * i + 1];
    if (!std::isfinite(x) || !std::isfinite(y)) {
      return absl::InvalidArgumentError(absl::StrCat("landmark ", i, " is not finite"));
    }
    shape[i] = {part.x + x * part.width, part.y + y * part.height};
  }
  return shape;
}

}  // namespace durward
