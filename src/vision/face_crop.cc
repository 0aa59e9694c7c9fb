#include "vision/face_crop.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "data/image_mat.h"
#include "data/tensor.h"
#include "vision/similarity.h"

namespace durward {
namespace {

constexpr int kTemplateSide = 112;
constexpr std::array<Point, 5> kTemplate = {{{38.2946, 51.6963},
                                             {73.5318, 51.5014},
                                             {56.0252, 71.7366},
                                             {41.5493, 92.3655},
                                             {70.7299, 92.2041}}};

int opencv_flag(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::kNearest:
      return cv::INTER_NEAREST;
    case Interpolation::kBicubic:
      return cv::INTER_CUBIC;
    case Interpolation::kBilinear:
    case Interpolation::kArea:  // check_input_spec keeps it away from face alignments
      return cv::INTER_LINEAR;
  }
  return cv::INTER_LINEAR;
}

Point middle(Point a, Point b) { return {(a.x + b.x) / 2, (a.y + b.y) / 2}; }

absl::StatusOr<Similarity> picture_to_crop(const Landmarks& face, const InputSpec& spec) {
  const std::array<Point, 5> goal = arcface_template(spec.width, spec.height);
  std::vector<Point> from = {face.right_eye, face.left_eye}, to = {goal[0], goal[1]};
  if (face.nose && face.right_mouth_corner && face.left_mouth_corner) {
    from.insert(from.end(), {*face.nose, *face.right_mouth_corner, *face.left_mouth_corner});
    to.insert(to.end(), {goal[2], goal[3], goal[4]});
  } else if (face.mouth) {
    // Without the corners the nose does harm: BlazeFace places it otherwise than the template.
    from.push_back(*face.mouth);
    to.push_back(middle(goal[3], goal[4]));
  }
  return estimate_similarity(from, to);
}

// Where a crop is much smaller than the face, single samples of the picture would alias: it is
// taken this many times larger and averaged down.
int oversampling(const Similarity& to_crop, const InputSpec& spec) {
  constexpr int kMaxSide = 4096;
  const int affordable = std::max(1, kMaxSide / std::max(spec.width, spec.height));
  return static_cast<int>(std::clamp(std::floor(1 / to_crop.scale()), 1.0, double(affordable)));
}

}  // namespace

std::array<Point, 5> arcface_template(int width, int height) {
  const double scale = static_cast<double>(height) / kTemplateSide;
  std::array<Point, 5> points = kTemplate;
  for (Point& p : points) {
    p = {(p.x - kTemplateSide / 2.0) * scale + width / 2.0, p.y * scale};
  }
  return points;
}

absl::StatusOr<Image> align_face(const Image& image, const Landmarks& landmarks,
                                 const InputSpec& spec) {
  constexpr int kOpenCvLimit = 32'767;  // of cv::warpAffine
  if (spec.alignment != Alignment::kArcface112) {
    return absl::InvalidArgumentError("the input specification aligns no face");
  }
  if (image.rgb.empty() || std::max(image.width, image.height) >= kOpenCvLimit) {
    return absl::InvalidArgumentError(absl::StrCat("a picture of ", image.width, " x ",
                                                   image.height, " pixels cannot be aligned"));
  }
  DURWARD_ASSIGN_OR_RETURN(const Similarity to_crop, picture_to_crop(landmarks, spec));
  const int times = oversampling(to_crop, spec);
  // Pixel centres are whole numbers: the middle of the first `times` pixels is pixel 0's centre.
  const double shift = (times - 1) / 2.0;
  const cv::Matx23d matrix(times * to_crop.a, -times * to_crop.b, times * to_crop.tx + shift,
                           times * to_crop.b, times * to_crop.a, times * to_crop.ty + shift);
  Image crop(spec.width * times, spec.height * times);
  cv::Mat target = as_mat(crop);
  cv::warpAffine(as_mat(image), target, matrix, target.size(), opencv_flag(spec.interpolation));
  if (times == 1) return crop;
  return resize_image(crop, spec.width, spec.height, Interpolation::kArea);
}

absl::StatusOr<Image> crop_for_model(const Image& image, const InputSpec& spec,
                                     FaceDetector* detector) {
  if (spec.alignment != Alignment::kArcface112) return resize_to_spec(image, spec);
  if (detector == nullptr) {
    return absl::InvalidArgumentError("the input specification aligns faces: give a detector");
  }
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Face> faces, detector->detect(image));
  const Face* face = nearest_to_center(faces, image.width, image.height);
  if (face == nullptr) return absl::NotFoundError("no face found in the picture");
  return align_face(image, face->landmarks, spec);
}

}  // namespace durward
