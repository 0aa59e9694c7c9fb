// How something recorded becomes a model's input: the one description of it, read from a small JSON
// file (docs/input-spec.md, docs/voice.md) or a named preset. It travels in the bundle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "data/feature_spec.h"
#include "data/input_spec.h"
#include "data/voice_spec.h"

namespace durward {

using Preprocessing = std::variant<InputSpec, VoiceSpec, FeatureSpec>;

// Of one input in the IR's layout, with a batch of 1 in front: [1, height, width, 3] of a picture,
// [1, partial_frames, bands] of a voice, [1, features] of measured features.
[[nodiscard]] std::vector<int64_t> input_shape(const Preprocessing& preprocessing);

// As parse_input_spec and its like; "kind" says which, and is "image" where it is missing.
[[nodiscard]] absl::StatusOr<Preprocessing> parse_preprocessing(std::string_view json,
                                                                std::string_view name);
[[nodiscard]] std::string to_json(const Preprocessing& preprocessing);

[[nodiscard]] absl::StatusOr<Preprocessing> read_preprocessing(const std::filesystem::path& path);
[[nodiscard]] absl::Status write_preprocessing(const std::filesystem::path& path,
                                               const Preprocessing& preprocessing);

// The conventions of models known by name. NotFound lists the names.
[[nodiscard]] absl::StatusOr<Preprocessing> preprocessing_preset(std::string_view name);
[[nodiscard]] std::vector<std::string_view> preprocessing_preset_names();

}  // namespace durward
