// Biometrics: scores in, error rates out. This folder knows comparison scores, who was compared
// with whom, and the statistics of that; it knows no models, files or images.
//
// A trial compares an enrolled sample with a probe. It is genuine when both are of one person, an
// impostor trial otherwise. A comparison is accepted when its score is greater than the threshold.
#pragma once

#include <cstdint>

namespace durward {

inline constexpr int32_t kNoGroup = -1;

struct Trial {
  int32_t enrol = 0;         // row of the enrolled sample's embedding
  int32_t probe = 0;         // row of the probe's embedding
  bool genuine = false;      // both rows are of one person
  int32_t enrol_person = 0;  // >= 0; equal to probe_person exactly when the trial is genuine
  int32_t probe_person = 0;
  int32_t group = kNoGroup;  // demographic group that the trial counts for
};

}  // namespace durward
