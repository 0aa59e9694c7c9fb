#include "pipeline/profile_file.h"

#include "base/file.h"
#include "report/json_view.h"

namespace durward {

using nlohmann::json;

absl::StatusOr<json> read_profile(const std::filesystem::path& path) {
  constexpr int64_t kMaxBytes = int64_t{1} << 26;
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, kMaxBytes));
  json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const JsonView view(document);
  if (view.text("schema") != kProfileSchema) {
    return absl::InvalidArgumentError(absl::StrCat(
        path.string(), ": not a profile: its \"schema\" should be \"", std::string(kProfileSchema),
        "\"; durward profile and durward-run --json write such files"));
  }
  bool good = !view.items("profiles").empty();
  for (const JsonView& profile : view.items("profiles")) good &= profile["ops"].is_array();
  if (good) return document;
  return absl::InvalidArgumentError(
      absl::StrCat(path.string(),
                   ": its \"profiles\" should be a list of one or more, with "
                   "\"ops\" in each"));
}

}  // namespace durward
