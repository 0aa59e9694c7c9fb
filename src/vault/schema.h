// Which tables a database has.
#pragma once

#include <span>
#include <string_view>

#include "vault/sqlite.h"

namespace durward {

// DataLoss unless the whole schema is `expected`, as sqlite_master has it, in any order: triggers,
// views and indexes of a stranger's would change what our own SQL means. `what` completes "its
// tables are not those of ...".
[[nodiscard]] absl::Status check_schema(Database& database, std::span<const char* const> expected,
                                        std::string_view what);

}  // namespace durward
