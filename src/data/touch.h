// Touch dynamics: what hands do while a PIN is tapped, as repetitions of people in postures
// (docs/touch.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace durward {

// What was measured while a PIN was tapped. Files and features are named after it.
enum class TouchSource : uint8_t { kTiming, kMotion, kBoth };

[[nodiscard]] std::string_view to_string(TouchSource source);  // "timing", "motion", "both"

struct TouchRepetition {
  int32_t person = 0;      // the number that the file gives
  int32_t posture = 0;     // index into TouchSet::postures
  int32_t repetition = 0;  // of this person in this posture, from 0, in the file's order
};

struct TouchSet {
  std::vector<std::string> postures = {};  // "Sitting", by name
  std::vector<std::string> features = {};  // "timing-1" .., "motion-1" ..
  std::vector<TouchRepetition> repetitions = {};
  std::vector<float> values = {};  // [repetitions, features]; NaN where a value is missing
  int64_t missing = 0;

  [[nodiscard]] std::span<const float> row(size_t repetition) const {
    return std::span(values).subspan(repetition * features.size(), features.size());
  }
};

// Reads POSTURE_Touch_with_label.csv (timing) and POSTURE_Sensor_with_label.csv (motion) of a
// folder, whichever `source` asks for. Errors: NotFound where the folder or a posture's other file
// is missing; InvalidArgument where two postures or the two files of one do not fit each other,
// naming the file and the row; those of read_feature_csv.
[[nodiscard]] absl::StatusOr<TouchSet> read_touch_folder(const std::filesystem::path& folder,
                                                         TouchSource source);

// The repetitions of those people for whom `wanted` holds.
[[nodiscard]] TouchSet select_people(const TouchSet& set,
                                     const std::function<bool(int32_t person)>& wanted);

// The numbers of the people in the set, ascending.
[[nodiscard]] std::vector<int32_t> people_of(const TouchSet& set);

}  // namespace durward
