// The one description of how a picture becomes a model's input: size, alignment, channels,
// normalisation. It is read from a small JSON file (docs/input-spec.md) or is a named preset, and
// it travels in the bundle; no other place knows a mean or a crop.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

enum class ChannelOrder : uint8_t { kRgb, kBgr };

// How the model's view is taken from a picture.
enum class Alignment : uint8_t {
  kNone,        // "none": the whole picture, stretched to the size
  kCenterCrop,  // "center-crop": the largest centred part of the size's proportions
  kArcface112,  // "arcface-112": a face, its landmarks moved onto the five-point template
  // "face-square": a square of face_scale times the longer side of a face's box about its middle
  kFaceSquare,
  // "face-box": a face's box made face_scale times as large, inside of the picture
  kFaceBox,
};

enum class Interpolation : uint8_t { kNearest, kBilinear, kBicubic, kArea };

struct InputSpec {
  int width = 112;  // pixels, 1..4096
  int height = 112;
  ChannelOrder channels = ChannelOrder::kRgb;
  // A channel value x in 0..255 becomes (x - mean) / std; one of each per channel, in the order of
  // `channels`. std > 0.
  std::array<double, 3> mean{0, 0, 0};
  std::array<double, 3> std{1, 1, 1};
  Alignment alignment = Alignment::kArcface112;
  Interpolation interpolation = Interpolation::kBilinear;  // kArea: not with kArcface112
  // With kFaceSquare and kFaceBox above 0 and at most 16, else 0.
  double face_scale = 0;
  // Of a presentation-attack detector: which of its outputs, from 0, is of live faces.
  std::optional<int> live_class = {};

  bool operator==(const InputSpec&) const = default;
};

// Whether the model's view is found by looking for a face.
[[nodiscard]] bool needs_face(Alignment alignment);

// The text of an input specification, and back: to_json(*parse_input_spec(text)) describes the same
// preprocessing. A key that is unknown, missing or of the wrong type is an InvalidArgument error
// that names it; `name` (of the file) stands before it.
[[nodiscard]] absl::StatusOr<InputSpec> parse_input_spec(std::string_view json,
                                                         std::string_view name);
[[nodiscard]] std::string to_json(const InputSpec& spec);

// InvalidArgument, naming the field, unless the ranges above hold.
[[nodiscard]] absl::Status check_input_spec(const InputSpec& spec);

// The conventions of models known by name. NotFound lists the names.
[[nodiscard]] absl::StatusOr<InputSpec> input_preset(std::string_view name);
[[nodiscard]] std::vector<std::string_view> input_preset_names();

}  // namespace durward
