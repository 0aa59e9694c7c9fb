#include "data/feature_spec.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "data/feature_csv.h"
#include "data/spec_fields.h"

namespace durward {
namespace {

using nlohmann::json;

// The quantile p of the standard normal distribution: Newton's method on its distribution function.
double normal_quantile(double p) {
  double x = 0;
  for (int i = 0; i < 60; ++i) {
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0));
    const double step = (std::erfc(-x / std::sqrt(2.0)) / 2 - p) / density;
    x -= std::clamp(step, -.5, .5);
  }
  return x;
}

float image_of(float value, std::span<const float> knots, std::span<const float> images) {
  const auto first =
      static_cast<size_t>(std::lower_bound(knots.begin(), knots.end(), value) - knots.begin());
  if (first == knots.size()) return images.back();
  if (knots[first] == value) {
    size_t last = first;
    while (last + 1 < knots.size() && knots[last + 1] == value) ++last;
    return (images[first] + images[last]) * .5f;
  }
  if (first == 0) return images.front();
  const float below = knots[first - 1], above = knots[first];
  const float part = (value - below) / (above - below);
  return images[first - 1] + part * (images[first] - images[first - 1]);
}

absl::Status take_numbers(const json& value, std::string_view key, size_t most,
                          std::vector<float>& numbers) {
  if (!value.is_array() || value.size() > most) {
    return bad_field(key, absl::StrCat("an array of at most ", most, " numbers"));
  }
  for (const json& number : value) {
    if (!number.is_number()) return bad_field(key, "made of numbers");
    numbers.push_back(number.get<float>());
  }
  return absl::OkStatus();
}

// One element of "features".
absl::Status add_feature(const json& value, FeatureSpec& spec) {
  if (!value.is_object() || value.size() != 3 || !value.contains("name") ||
      !value.contains("median") || !value.contains("knots")) {
    return bad_field("features", "made of objects with \"name\", \"median\" and \"knots\"");
  }
  if (!value["name"].is_string()) return bad_field("name", "text");
  if (!value["median"].is_number()) return bad_field("median", "a number");
  spec.names.push_back(value["name"].get<std::string>());
  spec.medians.push_back(value["median"].get<float>());
  return take_numbers(value["knots"], "knots", kMaxFeatureKnots, spec.knots.emplace_back());
}

absl::StatusOr<FeatureSpec> parse_feature_object(const json& object) {
  for (const auto& [key, value] : object.items()) {
    if (key != "version" && key != "kind" && key != "features") {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", key, "\" is unknown; docs/touch.md lists the fields"));
    }
  }
  if (object.value("version", json()) != kSpecVersion) {
    return bad_field("version", absl::StrCat(kSpecVersion, ", the version of this format"));
  }
  if (object.value("kind", json()) != "features") return bad_field("kind", "\"features\"");
  const json features = object.value("features", json());
  if (!features.is_array() || features.size() > static_cast<size_t>(kMaxFeatures)) {
    return bad_field("features", absl::StrCat("an array of at most ", kMaxFeatures));
  }
  FeatureSpec spec;
  for (const json& feature : features) DURWARD_RETURN_IF_ERROR(add_feature(feature, spec));
  DURWARD_RETURN_IF_ERROR(check_feature_spec(spec));
  return spec;
}

absl::Status check_knots(const FeatureSpec& spec, size_t feature) {
  const std::vector<float>& knots = spec.knots[feature];
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!finite(spec.medians[feature])) return bad_field("median", "finite");
  if (knots.size() < 2 || knots.size() > kMaxFeatureKnots) {
    return bad_field("knots", absl::StrCat("2 to ", kMaxFeatureKnots, " numbers"));
  }
  if (knots.size() != spec.knots[0].size()) {
    return bad_field("knots", "as many numbers for each feature");
  }
  if (!std::all_of(knots.begin(), knots.end(), finite) ||
      !std::is_sorted(knots.begin(), knots.end()) || !std::isfinite(knots.back() - knots.front())) {
    return bad_field("knots", "finite and ascending");
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<float> normal_images(size_t knots) {
  std::vector<float> images;
  for (size_t i = 0; i < knots; ++i) {
    images.push_back(static_cast<float>(
        normal_quantile((static_cast<double>(i) + .5) / static_cast<double>(knots))));
  }
  return images;
}

absl::Status apply_feature_spec(const FeatureSpec& spec, std::span<const float> raw,
                                std::span<float> values) {
  if (raw.size() != spec.features() || values.size() != raw.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        raw.size(), " values were given; the specification is of ", spec.features(), " features"));
  }
  const std::vector<float> images = normal_images(spec.knots[0].size());
  for (size_t i = 0; i < raw.size(); ++i) {
    values[i] = image_of(std::isnan(raw[i]) ? spec.medians[i] : raw[i], spec.knots[i], images);
  }
  return absl::OkStatus();
}

absl::Status check_feature_spec(const FeatureSpec& spec) {
  if (spec.names.empty() || spec.names.size() > static_cast<size_t>(kMaxFeatures)) {
    return bad_field("features", absl::StrCat("1 to ", kMaxFeatures, " features"));
  }
  if (spec.medians.size() != spec.names.size() || spec.knots.size() != spec.names.size()) {
    return bad_field("features", "each with a median and knots");
  }
  std::set<std::string_view> names;
  for (size_t i = 0; i < spec.features(); ++i) {
    if (spec.names[i].empty() || !names.insert(spec.names[i]).second) {
      return bad_field("name", "text, another one for each feature");
    }
    absl::Status status = check_knots(spec, i);
    if (!status.ok()) return with_context(status, absl::StrCat("feature '", spec.names[i], "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<FeatureSpec> parse_feature_spec(std::string_view text, std::string_view name) {
  const json object =
      json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  if (!object.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(name), ": expected one JSON object, as docs/touch.md describes"));
  }
  absl::StatusOr<FeatureSpec> spec = parse_feature_object(object);
  if (!spec.ok()) return with_context(spec.status(), name);
  return spec;
}

std::string to_json(const FeatureSpec& spec) {
  nlohmann::ordered_json features = nlohmann::ordered_json::array();
  for (size_t i = 0; i < spec.features(); ++i) {
    features.push_back(
        {{"name", spec.names[i]}, {"median", spec.medians[i]}, {"knots", spec.knots[i]}});
  }
  const nlohmann::ordered_json object = {
      {"version", kSpecVersion}, {"kind", "features"}, {"features", std::move(features)}};
  return object.dump(2) + "\n";
}

}  // namespace durward
