// The one description of how measured features become a model's input: each is mapped to the
// normal distribution through its own quantiles. As InputSpec for pictures: a small JSON file
// (docs/touch.md) that travels in the bundle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

inline constexpr size_t kMaxFeatureKnots = 256;

// Knot i of k stands for the quantile (i + 1/2) / k of the people who were learnt from; its image
// is that quantile of the standard normal distribution. Between knots the map is linear, beyond the
// first and last constant: nothing is larger than theirs. A value that equals several knots becomes
// the mean of the first one's and the last one's image.
struct FeatureSpec {
  std::vector<std::string> names;         // 1 to kMaxFeatures, different
  std::vector<float> medians;             // by feature: stands for a missing value
  std::vector<std::vector<float>> knots;  // by feature, ascending, 2 to kMaxFeatureKnots each,
                                          // the same number
  bool operator==(const FeatureSpec&) const = default;

  [[nodiscard]] size_t features() const { return names.size(); }
};

// The images of k knots, ascending.
[[nodiscard]] std::vector<float> normal_images(size_t knots);

// `raw` and `values`: a value by feature; NaN stands for a missing one. In float32, operation by
// operation as written, so that it is the same bits everywhere. InvalidArgument for another number
// of values than features.
[[nodiscard]] absl::Status apply_feature_spec(const FeatureSpec& spec, std::span<const float> raw,
                                              std::span<float> values);

// The text of a specification, and back: to_json(*parse_feature_spec(text)) describes the same
// preprocessing. A key that is unknown, missing or of the wrong type is an InvalidArgument error
// that names it; `name` (of the file) stands before it.
[[nodiscard]] absl::StatusOr<FeatureSpec> parse_feature_spec(std::string_view json,
                                                             std::string_view name);
[[nodiscard]] std::string to_json(const FeatureSpec& spec);

// InvalidArgument, naming the field, unless the ranges above hold.
[[nodiscard]] absl::Status check_feature_spec(const FeatureSpec& spec);

}  // namespace durward
