#include "vision/face_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <span>

#include "data/image_mat.h"
#include "vision/face_crop.h"

namespace durward {
namespace {

constexpr int kAlignedSide = 112;

// A measure and the quality that belongs to it; between two of them it is a straight line.
struct Knot {
  double measure, quality;
};

// Means over 50 pictures for calibration, each degraded step by step and found anew by the
// detector.
constexpr std::array<Knot, 6> kSize = {
    {{7, 39}, {10, 68}, {14, 87}, {20, 94}, {28, 97}, {40, 100}}};
constexpr std::array<Knot, 6> kYaw = {{{5, 100}, {10, 94}, {20, 86}, {30, 77}, {40, 68}, {60, 30}}};
constexpr std::array<Knot, 4> kPitch = {{{4, 100}, {10, 92}, {20, 78}, {40, 40}}};
constexpr std::array<Knot, 7> kBlur = {
    {{.46, 100}, {.59, 96}, {.66, 86}, {.73, 72}, {.82, 36}, {.85, 15}, {.88, 0}}};
// How dark it is beyond that, the dynamic range tells.
constexpr std::array<Knot, 3> kUnderExposed = {{{.02, 100}, {.2, 89}, {1, 67}}};
constexpr std::array<Knot, 6> kOverExposed = {
    {{.02, 100}, {.06, 95}, {.39, 80}, {.73, 49}, {.81, 36}, {1, 0}}};
constexpr std::array<Knot, 5> kEntropy = {{{3.3, 20}, {4, 65}, {5, 86}, {6, 95}, {7, 100}}};
// Of YuNet's score: bars over mouth and nose, over the eyes, over one half of the face.
constexpr std::array<Knot, 6> kCovered = {
    {{.8, 30}, {.88, 49}, {.905, 58}, {.915, 88}, {.925, 97}, {.93, 100}}};

double quality_at(std::span<const Knot> knots, double measure) {
  if (!(measure > knots.front().measure)) return knots.front().quality;
  for (size_t i = 1; i < knots.size(); ++i) {
    const Knot &from = knots[i - 1], &to = knots[i];
    if (measure > to.measure) continue;
    const double part = (measure - from.measure) / (to.measure - from.measure);
    return from.quality + part * (to.quality - from.quality);
  }
  return knots.back().quality;
}

// Of the aligned face: what lies in it is skin, eyes, nose and mouth, not hair or background.
cv::Mat face_mask() {
  cv::Mat mask(kAlignedSide, kAlignedSide, CV_8UC1, cv::Scalar(0));
  for (int y = 0; y < kAlignedSide; ++y) {
    for (int x = 0; x < kAlignedSide; ++x) {
      const double across = (x - 56) / 32.0, down = (y - 66) / 44.0;
      if (across * across + down * down <= 1) mask.at<uint8_t>(y, x) = 255;
    }
  }
  return mask;
}

// How much of the differences between neighbours in one direction a blur over 9 pixels leaves: much
// of a picture that is blurred already.
double blur_along(const cv::Mat& luminance, const cv::Mat& mask, bool rows) {
  constexpr int kReach = 9;
  cv::Mat blurred;
  cv::blur(luminance, blurred, rows ? cv::Size(1, kReach) : cv::Size(kReach, 1), {-1, -1},
           cv::BORDER_REPLICATE);
  double differences = 0, lost = 0;
  const int down = rows ? 1 : 0, right = rows ? 0 : 1;
  for (int y = down; y < luminance.rows; ++y) {
    for (int x = right; x < luminance.cols; ++x) {
      if (mask.at<uint8_t>(y, x) == 0) continue;
      const auto difference = [&](const cv::Mat& of) {
        return std::abs(of.at<float>(y, x) - of.at<float>(y - down, x - right));
      };
      const double sharp = difference(luminance);
      differences += sharp;
      lost += std::max(0.0, sharp - difference(blurred));
    }
  }
  return differences > 0 ? 1 - lost / differences : 1;
}

void measure_light(const cv::Mat& luminance, const cv::Mat& mask, FaceMeasures& measures) {
  constexpr int kDark = 25, kBright = 247;
  std::array<double, 256> histogram{};
  double count = 0;
  for (int y = 0; y < luminance.rows; ++y) {
    for (int x = 0; x < luminance.cols; ++x) {
      if (mask.at<uint8_t>(y, x) == 0) continue;
      ++histogram[static_cast<size_t>(
          std::clamp(std::lround(luminance.at<float>(y, x)), 0L, 255L))];
      ++count;
    }
  }
  for (size_t value = 0; value < histogram.size(); ++value) {
    const double share = histogram[value] / count;
    if (share > 0) measures.entropy -= share * std::log2(share);
    if (value <= kDark) measures.under_exposed += share;
    if (value >= kBright) measures.over_exposed += share;
  }
}

struct QualityPart {
  double quality;
  std::string_view guidance;
};

std::string_view pose_guidance(const std::optional<HeadPose>& pose) {
  if (!pose) return "look at the camera";
  const bool tilted = std::abs(pose->roll) > std::max(std::abs(pose->yaw), std::abs(pose->pitch));
  return tilted ? "hold your head upright" : "look at the camera";
}

}  // namespace

FaceQuality rate_face(const FaceMeasures& measures) {
  constexpr double kGoodEnough = 90;
  FaceQuality quality{.measures = measures};
  quality.size = quality_at(kSize, measures.inter_eye);
  quality.pose = 100;
  if (measures.pose) {
    quality.pose = std::min(quality_at(kYaw, std::abs(measures.pose->yaw)),
                            quality_at(kPitch, std::abs(measures.pose->pitch)));
    // Alignment undoes a roll; what it costs is a detector that knows upright faces.
    constexpr double kMostRoll = 30;
    if (std::abs(measures.pose->roll) > kMostRoll) quality.pose = std::min(quality.pose, 50.0);
  }
  quality.sharpness = quality_at(kBlur, measures.blur);
  quality.under_exposure = quality_at(kUnderExposed, measures.under_exposed);
  quality.over_exposure = quality_at(kOverExposed, measures.over_exposed);
  quality.dynamic_range = quality_at(kEntropy, measures.entropy);
  quality.occlusion = measures.face_score ? quality_at(kCovered, *measures.face_score) : 100;
  const bool dark = measures.under_exposed > measures.over_exposed;
  const std::array<QualityPart, 7> parts = {{
      {quality.size, "come closer"},
      {quality.pose, pose_guidance(measures.pose)},
      {quality.under_exposure, "too dark"},
      {quality.over_exposure, "too bright"},
      {quality.dynamic_range, dark ? "too dark" : "too little contrast: change the light"},
      {quality.sharpness, "hold still"},
      {quality.occlusion, "uncover your face"},
  }};
  quality.overall = parts.front().quality;
  for (const QualityPart& part : parts) quality.overall = std::min(quality.overall, part.quality);
  // Of those that are nearly as bad as the worst the first: a small or dark face seems covered too.
  constexpr double kNearly = 20;
  for (const QualityPart& part : parts) {
    if (part.quality >= kGoodEnough || part.quality > quality.overall + kNearly) continue;
    quality.guidance = part.guidance;
    break;
  }
  return quality;
}

absl::StatusOr<FaceQuality> face_quality(const Image& image, const Face& face,
                                         const std::optional<HeadPose>& pose) {
  static const InputSpec kAligned{.width = kAlignedSide, .height = kAlignedSide};
  DURWARD_ASSIGN_OR_RETURN(const Image aligned, align_face(image, face.landmarks, kAligned));
  const cv::Mat mask = face_mask();
  cv::Mat floats, luminance;
  as_mat(aligned).convertTo(floats, CV_32F);
  cv::cvtColor(floats, luminance, cv::COLOR_RGB2GRAY);
  FaceMeasures measures{.pose = pose ? pose : head_pose(face.landmarks)};
  // BlazeFace has no corners of the mouth, and another scale of scores.
  if (face.landmarks.right_mouth_corner) measures.face_score = face.score;
  const Point &right = face.landmarks.right_eye, &left = face.landmarks.left_eye;
  const double yaw = measures.pose ? measures.pose->yaw * std::numbers::pi / 180 : 0;
  // Beyond 60 degrees the estimate is none.
  measures.inter_eye =
      std::hypot(left.x - right.x, left.y - right.y) / std::max(0.5, std::cos(yaw));
  measures.blur = std::max(blur_along(luminance, mask, true), blur_along(luminance, mask, false));
  measure_light(luminance, mask, measures);
  return rate_face(measures);
}

}  // namespace durward
