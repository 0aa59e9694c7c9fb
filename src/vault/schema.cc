#include "vault/schema.h"

#include <algorithm>

namespace durward {

absl::Status check_schema(Database& database, std::span<const char* const> expected,
                          std::string_view what) {
  DURWARD_ASSIGN_OR_RETURN(Statement statement, database.prepare("SELECT sql FROM sqlite_master"));
  std::vector<std::string> found;
  for (;;) {
    DURWARD_ASSIGN_OR_RETURN(const bool more, statement.step());
    if (!more) break;
    found.push_back(statement.text(0));
  }
  std::vector<std::string> wanted(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  std::sort(wanted.begin(), wanted.end());
  if (found == wanted) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("its tables are not those of ", std::string(what)));
}

}  // namespace durward
