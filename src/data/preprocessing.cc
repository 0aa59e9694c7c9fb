#include "data/preprocessing.h"

#include "base/file.h"

namespace durward {
namespace {

constexpr int64_t kMaxSpecBytes = int64_t{1} << 20;

}  // namespace

std::vector<int64_t> input_shape(const Preprocessing& preprocessing) {
  const InputSpec& spec = std::get<InputSpec>(preprocessing);
  return {1, spec.height, spec.width, 3};
}

absl::StatusOr<Preprocessing> parse_preprocessing(std::string_view json, std::string_view name) {
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
