// Why a file was skipped, beside its path.
#pragma once

#include <absl/strings/strip.h>

#include <filesystem>
#include <string>

#include "base/status.h"

namespace durward {

// What a reader says but the path, which SkippedFile has already.
inline std::string reason_without_path(const absl::Status& status,
                                       const std::filesystem::path& path) {
  absl::string_view reason = status.message();
  absl::ConsumePrefix(&reason, absl::StrCat(path.string(), ": "));
  return std::string(reason);
}

}  // namespace durward
