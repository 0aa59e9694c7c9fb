#include "data/preprocessing.h"

#include <absl/strings/str_join.h>

#include "base/file.h"
#include "data/spec_fields.h"

namespace durward {
namespace {

constexpr int64_t kMaxSpecBytes = int64_t{1} << 24;  // of features: a table

std::vector<int64_t> shape_of(const InputSpec& spec) { return {1, spec.height, spec.width, 3}; }
std::vector<int64_t> shape_of(const VoiceSpec& spec) {
  return {1, spec.partial_frames, spec.bands};
}
std::vector<int64_t> shape_of(const FeatureSpec& spec) {
  return {1, static_cast<int64_t>(spec.features())};
}

}  // namespace

std::vector<int64_t> input_shape(const Preprocessing& preprocessing) {
  return std::visit([](const auto& spec) { return shape_of(spec); }, preprocessing);
}

absl::StatusOr<Preprocessing> parse_preprocessing(std::string_view json, std::string_view name) {
  const std::string kind = spec_kind(json);
  if (kind == "voice") return parse_voice_spec(json, name);
  if (kind == "features") return parse_feature_spec(json, name);
  return parse_input_spec(json, name);
}

std::string to_json(const Preprocessing& preprocessing) {
  return std::visit([](const auto& spec) { return to_json(spec); }, preprocessing);
}

absl::StatusOr<Preprocessing> read_preprocessing(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, kMaxSpecBytes));
  return parse_preprocessing(text, path.string());
}

absl::Status write_preprocessing(const std::filesystem::path& path,
                                 const Preprocessing& preprocessing) {
  return write_file_atomic(path, to_json(preprocessing));
}

absl::StatusOr<Preprocessing> preprocessing_preset(std::string_view name) {
  if (absl::StatusOr<InputSpec> preset = input_preset(name); preset.ok()) return *preset;
  if (absl::StatusOr<VoiceSpec> preset = voice_preset(name); preset.ok()) return *preset;
  return absl::NotFoundError(absl::StrCat(
      "no preset is named '", std::string(name), "'; the presets are ",
      absl::StrJoin(preprocessing_preset_names(), ", ",
                    [](std::string* out, std::string_view item) { out->append(item); }),
      "; other models are described by a file, see docs/input-spec.md and docs/voice.md"));
}

std::vector<std::string_view> preprocessing_preset_names() {
  std::vector<std::string_view> names = input_preset_names();
  const std::vector<std::string_view> voices = voice_preset_names();
  names.insert(names.end(), voices.begin(), voices.end());
  return names;
}

}  // namespace durward
