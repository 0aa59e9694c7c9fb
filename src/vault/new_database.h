// A database file that appears under its name whole or not at all.
#pragma once

#include <filesystem>
#include <functional>

#include "vault/sqlite.h"

namespace durward {

// Makes an empty database beside `path`, lets `fill` fill it, closes it and gives it its name.
// AlreadyExists where the name is taken; fill's errors and the system's.
[[nodiscard]] absl::Status make_database(const std::filesystem::path& path,
                                         const std::function<absl::Status(Database&)>& fill);

}  // namespace durward
