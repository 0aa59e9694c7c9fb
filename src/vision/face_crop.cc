#include "vision/face_crop.h"

#include <absl/strings/str_format.h>

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

// A part of a picture in whole pixels; of a square one it may lie outside.
struct Part {
  int x = 0, y = 0, width = 0, height = 0;
};

// The box made `scale` times as large about its middle, and the scale reduced where it would be
// wider or higher than the picture; then moved by no more than what brings it into the picture.
Part enlarged_box(const Box& box, double scale, const Image& image) {
  const double fits =
      std::min({scale, (image.width - 1) / box.width, (image.height - 1) / box.height});
  const double width = box.width * fits, height = box.height * fits;
  const auto inside = [](double at, double size, int limit) {
    return std::max(0.0, std::min(at, limit - 1 - size));
  };
  const double x = inside(box.x + (box.width - width) / 2, width, image.width);
  const double y = inside(box.y + (box.height - height) / 2, height, image.height);
  // Both ends are pixels that belong to it.
  const int left = static_cast<int>(x), top = static_cast<int>(y);
  return {left, top, static_cast<int>(x + width) - left + 1,
          static_cast<int>(y + height) - top + 1};
}

Part square_around(const Box& box, double scale) {
  const double side = scale * std::max(box.width, box.height);
  const int whole = std::max(1, static_cast<int>(side));
  return {static_cast<int>(std::floor(box.x + (box.width - side) / 2)),
          static_cast<int>(std::floor(box.y + (box.height - side) / 2)), whole, whole};
}

// What lies outside of the picture is black.
Image cut(const Image& image, const Part& part) {
  Image result(part.width, part.height);
  const int first = std::max(0, -part.x), last = std::min(part.width, image.width - part.x);
  for (int y = 0; y < part.height; ++y) {
    const int from = part.y + y;
    if (from < 0 || from >= image.height || first >= last) continue;
    const size_t at =
        (static_cast<size_t>(y) * static_cast<size_t>(part.width) + static_cast<size_t>(first)) * 3;
    std::copy_n(image.pixel(part.x + first, from), 3 * (last - first), &result.rgb[at]);
  }
  return result;
}

absl::StatusOr<Image> crop_box(const Image& image, const Box& box, const InputSpec& spec) {
  constexpr double kLargestSide = 16'384;
  const double reach = spec.face_scale * std::max(box.width, box.height);
  const bool sound = box.width >= 1 && box.height >= 1 && reach <= kLargestSide &&
                     std::abs(box.x) <= kLargestSide && std::abs(box.y) <= kLargestSide;
  if (image.rgb.empty() || !sound) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a face of %g x %g pixels at (%g, %g) cannot be cut out of a picture of %d x %d", box.width,
        box.height, box.x, box.y, image.width, image.height));
  }
  const Part part = spec.alignment == Alignment::kFaceBox
                        ? enlarged_box(box, spec.face_scale, image)
                        : square_around(box, spec.face_scale);
  return resize_image(cut(image, part), spec.width, spec.height, spec.interpolation);
}

}  // namespace

Box square_part(const Box& box, double scale) {
  const Part part = square_around(box, scale);
  return {double(part.x), double(part.y), double(part.width), double(part.height)};
}

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

absl::StatusOr<Image> crop_face(const Image& image, const Face& face, const InputSpec& spec) {
  if (spec.alignment == Alignment::kFaceSquare || spec.alignment == Alignment::kFaceBox) {
    return crop_box(image, face.box, spec);
  }
  return align_face(image, face.landmarks, spec);
}

absl::StatusOr<Image> crop_for_model(const Image& image, const InputSpec& spec,
                                     FaceDetector* detector) {
  if (!needs_face(spec.alignment)) return resize_to_spec(image, spec);
  if (detector == nullptr) {
    return absl::InvalidArgumentError("the input specification takes faces: give a detector");
  }
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Face> faces, detector->detect(image));
  const Face* face = nearest_to_center(faces, image.width, image.height);
  if (face == nullptr) return absl::NotFoundError("no face found in the picture");
  return crop_face(image, *face, spec);
}

}  // namespace durward
