#include "data/input_spec.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/spec_fields.h"

namespace durward {
namespace {

using nlohmann::json;

constexpr int kMaxSide = 4096;

constexpr SpecName<ChannelOrder> kChannelOrders[] = {{ChannelOrder::kRgb, "RGB"},
                                                     {ChannelOrder::kBgr, "BGR"}};
constexpr SpecName<Alignment> kAlignments[] = {{Alignment::kNone, "none"},
                                               {Alignment::kCenterCrop, "center-crop"},
                                               {Alignment::kArcface112, "arcface-112"}};
constexpr SpecName<Interpolation> kInterpolations[] = {{Interpolation::kNearest, "nearest"},
                                                       {Interpolation::kBilinear, "bilinear"},
                                                       {Interpolation::kBicubic, "bicubic"},
                                                       {Interpolation::kArea, "area"}};

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
  absl::StatusOr<InputSpec> spec = parse_fields(text);
  if (!spec.ok()) return with_context(spec.status(), name);
  return spec;
}

std::string to_json(const InputSpec& spec) {
  const nlohmann::ordered_json object = {
      {"version", kSpecVersion},
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
