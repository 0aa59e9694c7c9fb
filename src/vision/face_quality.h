// How good a picture of a face is for recognition, in the terms of ISO/IEC 29794-5 (OFIQ), and what
// the person should do for a better one.
#pragma once

#include <optional>
#include <string_view>

#include "base/status.h"
#include "data/image.h"
#include "vision/face.h"
#include "vision/face_pose.h"

namespace durward {

// What is measured. Shares and entropy are of the luminance of an ellipse about the face in its
// 112 x 112 alignment; entropy in bits.
struct FaceMeasures {
  double inter_eye = 0;  // pixels of the picture between the eyes, over the yaw's cosine
  std::optional<HeadPose> pose = {};  // nothing where too few landmarks are known
  double blur = 0;           // 0 sharp to 1 (F. Crete et al., "The blur effect", SPIE 2007)
  double under_exposed = 0;  // share of pixels of 25 and less
  double over_exposed = 0;   // share of pixels of 247 and more
  double entropy = 0;        // dynamic range
  // YuNet's score, which falls where a face is covered; other detectors' are not known to.
  std::optional<double> face_score = {};
};

// Each from 0 to 100: a hundred times the cosine that is to be expected, on average, between the
// embedding of such a picture and that of the same picture without the fault. docs/face.md tells on
// which pictures this was measured. The whole is no better than its worst part.
struct FaceQuality {
  FaceMeasures measures = {};
  double size = 0, pose = 0, sharpness = 0, under_exposure = 0, over_exposure = 0;
  double dynamic_range = 0, occlusion = 0;
  double overall = 0;
  // What the person should do about the worst part, where it is below 90; empty for nothing.
  std::string_view guidance = {};
};

// The components from what was measured.
[[nodiscard]] FaceQuality rate_face(const FaceMeasures& measures);

// Measures and rates the face in the picture. `pose` from other landmarks, where there are better
// ones than the detector's. Errors: align_face's.
[[nodiscard]] absl::StatusOr<FaceQuality> face_quality(const Image& image, const Face& face,
                                                       const std::optional<HeadPose>& pose = {});

// Guidance where there is not exactly one face.
inline constexpr std::string_view kNoFaceGuidance = "no face: look into the camera";
inline constexpr std::string_view kManyFacesGuidance = "one person only";

}  // namespace durward
