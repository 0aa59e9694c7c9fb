#include "policy_option.h"

#include <absl/strings/str_cat.h>

#include <filesystem>

#include "base/file.h"

namespace durward {

absl::StatusOr<std::string> policy_text(const std::string& name) {
  const bool shipped = name.find_first_of("./") == std::string::npos;
  const std::filesystem::path path =
      shipped ? std::filesystem::path(DURWARD_POLICIES) / (name + ".json")
              : std::filesystem::path(name);
  absl::StatusOr<std::string> text = read_text_file(path, 64 << 10);
  if (text.ok() || !shipped) return text;
  return absl::InvalidArgumentError(
      absl::StrCat("--policy ", name,
                   ": expected home, gateway, vehicle, nist-800-63b, android-class3, or a file"));
}

}  // namespace durward
