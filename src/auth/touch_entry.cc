#include "auth/touch_entry.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bundle/json_fields.h"

namespace durward {
namespace {

constexpr std::string_view kTouchSchema = "durward-touch/1";
constexpr std::string_view kTimingPrefix = "timing-";
constexpr size_t kMaxEntryFeatures = 4096;
constexpr double kMaxMilliseconds = 1e15;  // of a clock that counts since 1970, with room

double read_time(const JsonField& field) {
  const double ms = field.number();
  if (!(ms >= 0 && ms <= kMaxMilliseconds)) field.refuse("must be milliseconds, at least 0");
  return ms;
}

Tap read_tap(const JsonField& field, double not_before_ms) {
  const std::vector<JsonField> ends = field.items(2);
  if (ends.size() != 2) {
    field.refuse("must be two times: down, up");
    return {};
  }
  const Tap tap{read_time(ends[0]), read_time(ends[1])};
  if (tap.up_ms < tap.down_ms) field.refuse("must not end before it begins");
  if (tap.down_ms < not_before_ms) field.refuse("must not begin before the tap before it");
  return tap;
}

TouchEntry read_entry(const JsonField& field) {
  field.expect_fields({"schema", "source", "taps", "features"});
  TouchEntry entry;
  if (field["schema"].text() != kTouchSchema) {
    field["schema"].refuse(absl::StrCat("must be ", std::string(kTouchSchema)));
  }
  entry.source = field["source"].text();
  for (const JsonField& tap : field["taps"].items(kMaxTaps)) {
    entry.taps.push_back(read_tap(tap, entry.taps.empty() ? 0 : entry.taps.back().down_ms));
  }
  const nlohmann::json features = field["features"].object();
  if (features.size() > kMaxEntryFeatures) field["features"].refuse("are too many");
  for (const auto& [name, value] : features.items()) {
    const JsonField one = field["features"][name];
    if (one.is_null()) continue;
    const double number = one.number();
    if (!(std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max()))) {
      one.refuse("must be null or a number");
      continue;
    }
    entry.features[name] = static_cast<float>(number);
  }
  return entry;
}

// The number in "timing-12"; 0 for another name.
size_t timing_number(std::string_view name) {
  if (!name.starts_with(kTimingPrefix)) return 0;
  size_t number = 0;
  for (const char c : name.substr(kTimingPrefix.size())) {
    if (c < '0' || c > '9' || number > kMaxFeatureKnots * kMaxTaps) return 0;
    number = 10 * number + static_cast<size_t>(c - '0');
  }
  return number;
}

}  // namespace

absl::StatusOr<TouchEntry> parse_touch_entry(std::string_view line) {
  if (line.size() > kMaxTouchLineBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("an entry has ", line.size(), " bytes, more than ", kMaxTouchLineBytes));
  }
  DURWARD_ASSIGN_OR_RETURN(const nlohmann::json document, parse_strict_json(line));
  absl::Status status;
  TouchEntry entry = read_entry(JsonField(document, status, "docs/touch.md"));
  if (!status.ok()) return status;
  return entry;
}

std::vector<float> timing_features(std::span<const Tap> taps) {
  std::vector<float> features;
  if (taps.empty()) return features;
  const auto add = [&](double from_ms, double to_ms) {
    features.push_back(static_cast<float>(to_ms - from_ms));
  };
  for (const Tap& tap : taps) add(tap.down_ms, tap.up_ms);
  for (size_t i = 1; i < taps.size(); ++i) {
    add(taps[i - 1].up_ms, taps[i].down_ms);
    add(taps[i - 1].up_ms, taps[i].up_ms);
    add(taps[i - 1].down_ms, taps[i].down_ms);
  }
  add(taps.front().down_ms, taps.back().up_ms);
  return features;
}

absl::StatusOr<std::vector<float>> touch_features(const TouchEntry& entry,
                                                  const FeatureSpec& spec) {
  const std::vector<float> timing = timing_features(entry.taps);
  size_t timings_wanted = 0;
  for (const std::string& name : spec.names) {
    timings_wanted = std::max(timings_wanted, timing_number(name));
  }
  if (!timing.empty() && timings_wanted > 0 && timing.size() != timings_wanted) {
    return absl::InvalidArgumentError(
        absl::StrCat(entry.taps.size(), " taps; the model wants ", (timings_wanted + 2) / 4));
  }
  std::vector<float> values;
  size_t missing = 0;
  for (const std::string& name : spec.names) {
    float value = std::numeric_limits<float>::quiet_NaN();
    const size_t number = timing_number(name);
    if (number > 0 && number <= timing.size()) {
      value = timing[number - 1];
    } else if (const auto told = entry.features.find(name); told != entry.features.end()) {
      value = told->second;
    }
    missing += std::isnan(value);
    values.push_back(value);
  }
  if (2 * missing > values.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(missing, " of the model's ", values.size(), " features are missing"));
  }
  return values;
}

}  // namespace durward
