// What the operating system answered, as a status that names the path.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/status.h"

namespace durward {

// "`what` PATH: the system's words"; NotFound, AlreadyExists, PermissionDenied, ResourceExhausted
// (the disk or a limit is full) or Unavailable, by `error`, a value of errno.
[[nodiscard]] absl::Status errno_status(int error, std::string_view what,
                                        const std::filesystem::path& path);

}  // namespace durward
