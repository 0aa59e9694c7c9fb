#include "vision/face_actions.h"

#include <algorithm>
#include <cmath>

namespace durward {
namespace {

constexpr size_t kRestFrames = 15, kLeastRestFrames = 3, kSmoothedFrames = 3;

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void FaceActions::Rest::add(double value) {
  values_.push_back(value);
  if (values_.size() > kRestFrames) values_.pop_front();
}

std::optional<double> FaceActions::Rest::median() const {
  if (values_.size() < kLeastRestFrames) return std::nullopt;
  return median_of({values_.begin(), values_.end()});
}

void FaceActions::clear() { *this = FaceActions(rules_); }

void FaceActions::watch_turn(double yaw, int64_t at_ms) {
  if (std::abs(yaw) < rules_.turn_degrees / 2) turned_ = false;
  if (turned_ || std::abs(yaw) < rules_.turn_degrees) return;
  turned_ = true;
  seen_.push_back({yaw > 0 ? kTurnLeftAction : kTurnRightAction, at_ms});
}

void FaceActions::watch_nod(double pitch, double yaw, int64_t at_ms) {
  if (std::abs(yaw) > rules_.turn_degrees / 2) down_ms_.reset();  // looks down beside himself
  if (pitch <= -rules_.nod_degrees) {
    if (!down_ms_) down_ms_ = at_ms;
  } else if (down_ms_ && pitch > -rules_.nod_degrees / 2) {
    if (at_ms - *down_ms_ <= rules_.nod_ms) seen_.push_back({kNodAction, at_ms});
    down_ms_.reset();
  }
}

void FaceActions::watch_blink(double aspect_ratio, int64_t at_ms) {
  const std::optional<double> open = eyes_.median();
  if (!open || aspect_ratio >= rules_.open * *open) {
    if (shut_ms_ && at_ms - *shut_ms_ <= rules_.blink_ms) seen_.push_back({kBlinkAction, at_ms});
    shut_ms_.reset();
    eyes_.add(aspect_ratio);
  } else if (aspect_ratio < rules_.shut * *open && !shut_ms_) {
    shut_ms_ = at_ms;
  }
  // Eyes that stay narrow are these eyes open.
  if (shut_ms_ && at_ms - *shut_ms_ > rules_.blink_ms) eyes_.add(aspect_ratio);
}

void FaceActions::add(const FaceSight& sight) {
  if (!sight.pose) return;
  last_.push_back(*sight.pose);
  if (last_.size() > kSmoothedFrames) last_.pop_front();
  std::vector<double> yaws, pitches;
  for (const HeadPose& pose : last_) {
    yaws.push_back(pose.yaw);
    pitches.push_back(pose.pitch);
  }
  const double yaw = median_of(std::move(yaws)), pitch = median_of(std::move(pitches));
  const std::optional<double> rest_yaw = yaw_.median(), rest_pitch = pitch_.median();
  if (!rest_yaw || !rest_pitch) {
    if (std::max(std::abs(yaw), std::abs(pitch)) <= rules_.rest_degrees) {
      yaw_.add(yaw);
      pitch_.add(pitch);
    }
    return;
  }
  const double turned = yaw - *rest_yaw, raised = pitch - *rest_pitch;
  watch_turn(turned, sight.taken_ms);
  watch_nod(raised, turned, sight.taken_ms);
  // A head that turns or nods shows its eyes narrower; lids that close move landmarks too.
  if (std::abs(turned) >= rules_.turn_degrees / 2 || std::abs(raised) >= rules_.nod_degrees) {
    shut_ms_.reset();
    return;
  }
  if (std::abs(raised) < rules_.nod_degrees / 2) {
    yaw_.add(yaw);
    pitch_.add(pitch);
  }
  if (sight.eye_aspect_ratio) watch_blink(*sight.eye_aspect_ratio, sight.taken_ms);
}

}  // namespace durward
