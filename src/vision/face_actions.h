// What a person does before a camera, seen over time: blinks, turns of the head, nods. Each is an
// event with the time at which it was complete.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "vision/face_pose.h"

namespace durward {

inline constexpr std::string_view kBlinkAction = "blink";
inline constexpr std::string_view kTurnLeftAction = "turn-left";  // to the person's own left
inline constexpr std::string_view kTurnRightAction = "turn-right";
inline constexpr std::string_view kNodAction = "nod";

struct FaceAction {
  std::string_view name;
  int64_t at_ms = 0;
};

// Everything is relative to how this person looks into the camera at rest, since proportions
// differ: the median of his last frames at rest.
struct FaceActionRules {
  // A turn: so far from rest. The next one counts after a return to half of it.
  double turn_degrees = 15;
  // A nod: down by so much, and back to half of it in the time.
  double nod_degrees = 8;
  int64_t nod_ms = 2000;
  // A blink: the eyes' aspect ratio below this share of the open eyes', and back above the second
  // in the time, while the head is at rest. From one frame to the next the ratio of open eyes
  // varies by 2.6 % (24 faces, their box moved by 1.5 %), so that the first is 5.8 deviations away.
  double shut = 0.85, open = 0.92;
  int64_t blink_ms = 1000;
  // At rest a face looks no further away than this from the camera.
  double rest_degrees = 25;
};

// One face in one frame, as far as it is known.
struct FaceSight {
  int64_t taken_ms = 0;
  std::optional<HeadPose> pose = {};
  std::optional<double> eye_aspect_ratio = {};
};

// One thread at a time.
class FaceActions {
 public:
  explicit FaceActions(const FaceActionRules& rules = {}) : rules_(rules) {}

  // The next frame in time.
  void add(const FaceSight& sight);
  // Since the start or clear(), in the order of their times.
  [[nodiscard]] const std::vector<FaceAction>& seen() const { return seen_; }
  // Forgets everything, also how the person looks at rest.
  void clear();

 private:
  // The median of the last values.
  class Rest {
   public:
    void add(double value);
    [[nodiscard]] std::optional<double> median() const;

   private:
    std::deque<double> values_;
  };

  void watch_turn(double yaw, int64_t at_ms);
  void watch_nod(double pitch, double yaw, int64_t at_ms);
  void watch_blink(double aspect_ratio, int64_t at_ms);

  FaceActionRules rules_;
  std::vector<FaceAction> seen_;
  Rest yaw_, pitch_, eyes_;
  std::deque<HeadPose> last_;  // for smoothing
  bool turned_ = false;
  std::optional<int64_t> down_ms_, shut_ms_;  // since when
};

}  // namespace durward
