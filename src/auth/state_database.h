// What the authenticator must not forget when it is stopped: failed attempts, and how far the
// decision log goes. One SQLite file beside the template store; docs/decisions.md has the tables.
#pragma once

#include <filesystem>
#include <string_view>

#include "vault/sqlite.h"

namespace durward {

// The limiter's and the log's key is the template store's for this purpose
// (TemplateStore::key_for).
inline constexpr std::string_view kAuthKeyPurpose = "auth-key";

// An empty one. AlreadyExists where there is a file: what was counted is not lost by mistake.
[[nodiscard]] absl::Status create_state_database(const std::filesystem::path& path);

// NotFound where there is none: without it nothing is decided, since a state that was removed
// would be as good as a fresh one. DataLoss where it is another database.
[[nodiscard]] absl::StatusOr<Database> open_state_database(const std::filesystem::path& path);

}  // namespace durward
