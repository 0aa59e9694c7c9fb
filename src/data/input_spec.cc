#include "data/input_spec.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace durward {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr int kMaxSide = 4096;

template <typename Value>
struct Name {
  Value value;
  std::string_view text;
};

constexpr Name<ChannelOrder> kChannelOrders[] = {{ChannelOrder::kRgb, "RGB"},
                                                 {ChannelOrder::kBgr, "BGR"}};
constexpr Name<Alignment> kAlignments[] = {{Alignment::kNone, "none"},
                                           {Alignment::kCenterCrop, "center-crop"},
                                           {Alignment::kArcface112, "arcface-112"}};
constexpr Name<Interpolation> kInterpolations[] = {{Interpolation::kNearest, "nearest"},
                                                   {Interpolation::kBilinear, "bilinear"},
                                                   {Interpolation::kBicubic, "bicubic"},
                                                   {Interpolation::kArea, "area"}};

template <typename Value, size_t count>
std::string name_of(const Name<Value> (&names)[count], Value value) {
  for (const auto& name : names) {
    if (name.value == value) return std::string(name.text);
  }
  return "unknown";
}

absl::Status bad_field(std::string_view key, std::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(key), "\" must be ", std::string(expected)));
}

// The fields of one JSON object, each taken once, so that what is left over is unknown.
class Fields {
 public:
  explicit Fields(json object) : object_(std::move(object)) {}

  // nullopt where the key is missing.
  std::optional<json> take(const char* key) {
    const auto it = object_.find(key);
    if (it == object_.end()) return std::nullopt;
    json value = std::move(*it);
    object_.erase(it);
    return value;
  }

  absl::Status take_side(const char* key, int& side) {
    const std::optional<json> value = take(key);
    if (!value || !value->is_number_integer()) {
      return bad_field(key, "a whole number of pixels");
    }
    // A number too large for int is out of the range too: clamped here, refused by the check.
    side = static_cast<int>(std::clamp<int64_t>(value->get<int64_t>(), -1, kMaxSide + 1));
    return absl::OkStatus();
  }

  // One number for all channels, or three.
  absl::Status take_per_channel(const char* key, std::array<double, 3>& values) {
    const std::optional<json> value = take(key);
    if (value && value->is_number()) {
      values.fill(value->get<double>());
      return absl::OkStatus();
    }
    if (!value || !value->is_array() || value->size() != values.size()) {
      return bad_field(key, "a number, or one for each of the three channels");
    }
    for (size_t i = 0; i < values.size(); ++i) {
      if (!(*value)[i].is_number()) return bad_field(key, "made of numbers");
      values[i] = (*value)[i].get<double>();
    }
    return absl::OkStatus();
  }

  template <typename Value, size_t count>
  absl::Status take_name(const char* key, const Name<Value> (&names)[count], Value& result) {
    const std::optional<json> value = take(key);
    std::string expected = "one of";
    for (const auto& name : names) {
      if (value && value->is_string() && value->get_ref<const std::string&>() == name.text) {
        result = name.value;
        return absl::OkStatus();
      }
      absl::StrAppend(&expected, " \"", std::string(name.text), "\"");
    }
    return bad_field(key, expected);
  }

  absl::Status expect_none_left() const {
    if (object_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", object_.begin().key(), "\" is unknown; docs/input-spec.md lists the fields"));
  }

 private:
  json object_;
};

absl::StatusOr<InputSpec> parse_object(json object) {
  Fields fields(std::move(object));
  const std::optional<json> version = fields.take("version");
  if (!version || *version != kVersion) {
    return bad_field("version", absl::StrCat(kVersion, ", the version of this format"));
  }
  InputSpec spec;
  DURWARD_RETURN_IF_ERROR(fields.take_side("width", spec.width));
  DURWARD_RETURN_IF_ERROR(fields.take_side("height", spec.height));
  DURWARD_RETURN_IF_ERROR(fields.take_name("channels", kChannelOrders, spec.channels));
  DURWARD_RETURN_IF_ERROR(fields.take_per_channel("mean", spec.mean));
  DURWARD_RETURN_IF_ERROR(fields.take_per_channel("std", spec.std));
  DURWARD_RETURN_IF_ERROR(fields.take_name("alignment", kAlignments, spec.alignment));
  DURWARD_RETURN_IF_ERROR(fields.take_name("interpolation", kInterpolations, spec.interpolation));
  DURWARD_RETURN_IF_ERROR(fields.expect_none_left());
  DURWARD_RETURN_IF_ERROR(check_input_spec(spec));
  return spec;
}

}  // namespace

absl::Status check_input_spec(const InputSpec& spec) {
  for (const auto& [key, side] : {std::pair("width", spec.width), {"height", spec.height}}) {
    if (side < 1 || side > kMaxSide) return bad_field(key, absl::StrCat("1 to ", kMaxSide));
  }
  for (size_t i = 0; i < spec.mean.size(); ++i) {
    if (!std::isfinite(static_cast<float>(spec.mean[i]))) return bad_field("mean", "finite");
    if (!std::isfinite(spec.std[i]) || !std::isfinite(static_cast<float>(1 / spec.std[i])) ||
        spec.std[i] <= 0) {
      return bad_field("std", "finite and above 0");
    }
  }
  if (spec.alignment == Alignment::kArcface112 && spec.interpolation == Interpolation::kArea) {
    return bad_field("interpolation",
                     "\"nearest\", \"bilinear\" or \"bicubic\" with a face alignment");
  }
  return absl::OkStatus();
}

absl::StatusOr<InputSpec> parse_input_spec(std::string_view text, std::string_view name) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  if (!object.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        std::string(name), ": expected one JSON object, as docs/input-spec.md describes"));
  }
  absl::StatusOr<InputSpec> spec = parse_object(std::move(object));
  if (!spec.ok()) return with_context(spec.status(), name);
  return spec;
}

std::string to_json(const InputSpec& spec) {
  const nlohmann::ordered_json object = {
      {"version", kVersion},
      {"width", spec.width},
      {"height", spec.height},
      {"channels", name_of(kChannelOrders, spec.channels)},
      {"mean", spec.mean},
      {"std", spec.std},
      {"alignment", name_of(kAlignments, spec.alignment)},
      {"interpolation", name_of(kInterpolations, spec.interpolation)},
  };
  return object.dump(2) + "\n";
}

}  // namespace durward
