#include "data/preprocessing.h"

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace durward {
namespace {

constexpr int64_t kMaxSpecBytes = int64_t{1} << 24;  // of features: a table

// What the text says it is; "image" where it says nothing, and where it is no JSON object, so that
// the parser of that kind says what is wrong.
std::string kind_of(std::string_view text) {
  const nlohmann::json object =
      nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
  if (!object.is_object() || !object.contains("kind") || !object["kind"].is_string())
    return "image";
  return object["kind"].get<std::string>();
}

}  // namespace

std::vector<int64_t> input_shape(const Preprocessing& preprocessing) {
  if (const auto* features = std::get_if<FeatureSpec>(&preprocessing)) {
    return {1, static_cast<int64_t>(features->features())};
  }
  const InputSpec& spec = std::get<InputSpec>(preprocessing);
  return {1, spec.height, spec.width, 3};
}

absl::StatusOr<Preprocessing> parse_preprocessing(std::string_view json, std::string_view name) {
  if (kind_of(json) == "features") {
    DURWARD_ASSIGN_OR_RETURN(FeatureSpec spec, parse_feature_spec(json, name));
    return spec;
  }
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
  return input_preset(name);
}

std::vector<std::string_view> preprocessing_preset_names() { return input_preset_names(); }

}  // namespace durward
