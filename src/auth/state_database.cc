#include "auth/state_database.h"

#include "vault/new_database.h"
#include "vault/schema.h"

namespace durward {
namespace {

constexpr const char* kStateSchema[] = {
    "CREATE TABLE attempts (tag BLOB PRIMARY KEY, failures INTEGER NOT NULL, locked_ms INTEGER "
    "NOT NULL, boot_id TEXT NOT NULL, boot_ms INTEGER NOT NULL, mac BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE log_head (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, digest TEXT NOT "
    "NULL, bytes INTEGER NOT NULL, mac TEXT NOT NULL)",
};

}  // namespace

absl::Status create_state_database(const std::filesystem::path& path) {
  return make_database(path, [](Database& database) -> absl::Status {
    DURWARD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database));
    for (const char* sql : kStateSchema) DURWARD_RETURN_IF_ERROR(database.execute(sql));
    return transaction.commit();
  });
}

absl::StatusOr<Database> open_state_database(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(Database database, Database::open(path, Database::Mode::kExisting));
  const absl::Status status = check_schema(database, kStateSchema, "the state of an authenticator");
  if (!status.ok()) return with_context(status, path.string());
  return database;
}

}  // namespace durward
