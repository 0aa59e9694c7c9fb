// From a picture to what a face model looks at.
#pragma once

#include <array>

#include "base/status.h"
#include "data/image.h"
#include "data/input_spec.h"
#include "vision/face_detector.h"

namespace durward {

// Right eye, left eye, nose, right and left corner of the mouth, in pixels of a crop of that size:
// the template that ArcFace trains with (J. Deng et al., CVPR 2019), which is for 112 x 112, scaled
// by height / 112 and in the middle of the width. At 96 x 112 it is the template of SphereFace.
[[nodiscard]] std::array<Point, 5> arcface_template(int width, int height);

// The crop of spec.width x spec.height pixels in which the landmarks lie as near as possible to the
// template (least squares over rotation, scale and translation): all five where the mouth's corners
// and the nose are known; else the eyes and the middle of the mouth; else the eyes. What lies
// outside of the picture is black. InvalidArgument: the specification aligns no face, an empty
// picture or one of 32,767 pixels or more on a side, landmarks that coincide.
[[nodiscard]] absl::StatusOr<Image> align_face(const Image& image, const Landmarks& landmarks,
                                               const InputSpec& spec);

// The part of the picture that "face-square" takes: a square of `scale` times the box's longer side
// about its middle, in whole pixels; it may reach out of the picture.
[[nodiscard]] Box square_part(const Box& box, double scale);

// What a model whose specification names a face's alignment sees of this face: align_face(), or for
// "face-square" and "face-box" a part of the picture in whole pixels, scaled to spec.width x
// spec.height. The box made face_scale times as large is reduced until it fits the picture and
// moved until it lies in it, in its own proportions, as Silent-Face-Anti-Spoofing does; the square
// stays where it is, and what lies outside of the picture is black. InvalidArgument: as
// align_face(), and a box without area or far outside of the picture.
[[nodiscard]] absl::StatusOr<Image> crop_face(const Image& image, const Face& face,
                                              const InputSpec& spec);

// The picture as the model is to see it, whatever the specification's alignment. Where it is a
// face's, the face nearest to the middle of the picture is taken; `detector` may be null where it
// is not. NotFound: no face in the picture.
[[nodiscard]] absl::StatusOr<Image> crop_for_model(const Image& image, const InputSpec& spec,
                                                   FaceDetector* detector);

}  // namespace durward
