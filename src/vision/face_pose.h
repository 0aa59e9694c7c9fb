// Which way a head looks.
#pragma once

#include <optional>

#include "vision/face.h"

namespace durward {

// Degrees, of the person as he stands before the camera.
struct HeadPose {
  double yaw = 0;    // positive: turned to his own left
  double pitch = 0;  // positive: looks up
  double roll = 0;   // positive: his left eye is lower than the right one
};

// From a mean face of which the nose stands out, seen from far away (scaled orthography: D.
// DeMenthon, L. Davis, "Model-based object pose in 25 lines of code", IJCV 15, 1995, its first
// step). A picture of a face that is turned as a whole gives no yaw or pitch: its nose does not
// move against eyes and mouth. Of five points, or eyes, nose and the middle of the mouth; nothing
// where they are not known or coincide. A person's own proportions add some degrees that stay the
// same.
[[nodiscard]] std::optional<HeadPose> head_pose(const Landmarks& landmarks);

}  // namespace durward
