#include "data/input_spec.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/spec_fields.h"

namespace durward {
namespace {

using nlohmann::json;

constexpr int kMaxSide = 4096;
constexpr double kMaxFaceScale = 16;
constexpr int kMaxClasses = 1000;

constexpr SpecName<ChannelOrder> kChannelOrders[] = {{ChannelOrder::kRgb, "RGB"},
                                                     {ChannelOrder::kBgr, "BGR"}};
constexpr SpecName<Alignment> kAlignments[] = {{Alignment::kNone, "none"},
                                               {Alignment::kCenterCrop, "center-crop"},
                                               {Alignment::kArcface112, "arcface-112"},
                                               {Alignment::kFaceSquare, "face-square"},
                                               {Alignment::kFaceBox, "face-box"}};
constexpr SpecName<Interpolation> kInterpolations[] = {{Interpolation::kNearest, "nearest"},
                                                       {Interpolation::kBilinear, "bilinear"},
                                                       {Interpolation::kBicubic, "bicubic"},
                                                       {Interpolation::kArea, "area"}};

bool has_face_scale(Alignment alignment) {
  return alignment == Alignment::kFaceSquare || alignment == Alignment::kFaceBox;
}

// One number for all channels, or three.
absl::Status take_per_channel(SpecFields& fields, const char* key, std::array<double, 3>& values) {
  const std::optional<json> value = fields.take(key);
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

absl::Status take_class(SpecFields& fields, const char* key, std::optional<int>& index) {
  const std::optional<json> value = fields.take(key);
  if (!value) return absl::OkStatus();
  if (!value->is_number_integer()) return bad_field(key, "the number of an output, from 0");
  // Clamped here, refused by the check.
  index = static_cast<int>(std::clamp<int64_t>(value->get<int64_t>(), -1, kMaxClasses));
  return absl::OkStatus();
}

absl::StatusOr<InputSpec> parse_fields(std::string_view text) {
  DURWARD_ASSIGN_OR_RETURN(SpecFields fields, SpecFields::parse(text, "docs/input-spec.md"));
  if (const auto kind = fields.take("kind"); kind && *kind != "image") {
    return bad_field("kind", "\"image\" (as where it is missing) or \"voice\"");
  }
  InputSpec spec;
  DURWARD_RETURN_IF_ERROR(fields.take_int("width", "a whole number of pixels", spec.width));
  DURWARD_RETURN_IF_ERROR(fields.take_int("height", "a whole number of pixels", spec.height));
  DURWARD_RETURN_IF_ERROR(fields.take_name("channels", kChannelOrders, spec.channels));
  DURWARD_RETURN_IF_ERROR(take_per_channel(fields, "mean", spec.mean));
  DURWARD_RETURN_IF_ERROR(take_per_channel(fields, "std", spec.std));
  DURWARD_RETURN_IF_ERROR(fields.take_name("alignment", kAlignments, spec.alignment));
  DURWARD_RETURN_IF_ERROR(fields.take_name("interpolation", kInterpolations, spec.interpolation));
  if (has_face_scale(spec.alignment)) {
    DURWARD_RETURN_IF_ERROR(fields.take_double("face_scale", spec.face_scale));
  }
  DURWARD_RETURN_IF_ERROR(take_class(fields, "live_class", spec.live_class));
  DURWARD_RETURN_IF_ERROR(fields.expect_none_left());
  DURWARD_RETURN_IF_ERROR(check_input_spec(spec));
  return spec;
}

}  // namespace

bool needs_face(Alignment alignment) {
  return alignment == Alignment::kArcface112 || has_face_scale(alignment);
}

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
                     "\"nearest\", \"bilinear\" or \"bicubic\" with \"arcface-112\"");
  }
  if (has_face_scale(spec.alignment)) {
    if (!(spec.face_scale > 0 && spec.face_scale <= kMaxFaceScale)) {
      return bad_field("face_scale", absl::StrCat("above 0 and at most ", kMaxFaceScale));
    }
  } else if (spec.face_scale != 0) {
    return bad_field("face_scale",
                     "absent unless the alignment is \"face-square\" or \"face-box\"");
  }
  if (spec.live_class && (*spec.live_class < 0 || *spec.live_class >= kMaxClasses)) {
    return bad_field("live_class", absl::StrCat("0 to ", kMaxClasses - 1));
  }
  return absl::OkStatus();
}

absl::StatusOr<InputSpec> parse_input_spec(std::string_view text, std::string_view name) {
  absl::StatusOr<InputSpec> spec = parse_fields(text);
  if (!spec.ok()) return with_context(spec.status(), name);
  return spec;
}

std::string to_json(const InputSpec& spec) {
  nlohmann::ordered_json object = {
      {"version", kSpecVersion},
      {"width", spec.width},
      {"height", spec.height},
      {"channels", name_of(kChannelOrders, spec.channels)},
      {"mean", spec.mean},
      {"std", spec.std},
      {"alignment", name_of(kAlignments, spec.alignment)},
      {"interpolation", name_of(kInterpolations, spec.interpolation)},
  };
  if (has_face_scale(spec.alignment)) object["face_scale"] = spec.face_scale;
  if (spec.live_class) object["live_class"] = *spec.live_class;
  return object.dump(2) + "\n";
}

}  // namespace durward
