// Profile documents (docs/profile.md), which durward and durward-run write.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/status.h"

namespace durward {

inline constexpr std::string_view kProfileSchema = "durward-profile/1";

// A document whose "profiles" are objects, each with a list of "ops". What is in them may be
// missing or of another type: read them by JsonView. Errors: those of read_text_file;
// InvalidArgument where it is no such document, naming the file.
[[nodiscard]] absl::StatusOr<nlohmann::json> read_profile(const std::filesystem::path& path);

}  // namespace durward
