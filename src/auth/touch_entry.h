// One entry of a PIN as a keypad, a phone or a test tells it, and the features that a touch model
// takes of it. docs/touch.md describes the line.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/feature_spec.h"

namespace durward {

inline constexpr size_t kMaxTouchLineBytes = 64 << 10;
inline constexpr size_t kMaxTaps = 64;

struct Tap {
  double down_ms = 0, up_ms = 0;  // by any clock; down <= up
};

struct TouchEntry {
  std::string source;                     // names the device
  std::vector<Tap> taps;                  // in the order of the touches
  std::map<std::string, float> features;  // others by their names, as those of motion
};

// A "durward-touch/1" object in one line. InvalidArgument names the field and what it must be.
[[nodiscard]] absl::StatusOr<TouchEntry> parse_touch_entry(std::string_view line);

// Of n taps 4 n - 2 numbers in milliseconds, as HoldandTap has them: the n holds; for each step
// from one tap to the next the time from letting go to touching, from letting go to letting go, and
// from touching to touching; and from the first touch to the last letting go. Nothing for no taps.
[[nodiscard]] std::vector<float> timing_features(std::span<const Tap> taps);

// A value for each of the specification's features: "timing-1" .. of the taps, others of
// `features`; NaN for what is missing. InvalidArgument where taps are of another number than the
// model's, or more than half is missing.
[[nodiscard]] absl::StatusOr<std::vector<float>> touch_features(const TouchEntry& entry,
                                                                const FeatureSpec& spec);

}  // namespace durward
