#include "vault/sqlite.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_status.h"
#include "base/file_descriptor.h"

namespace durward {
namespace {

constexpr int kBusyMilliseconds = 5000;
constexpr int kMaxValueBytes = 1 << 20;

absl::Status sqlite_status(sqlite3* database, int code, const std::string& where) {
  const std::string what =
      where + ": " + (database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code));
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::ResourceExhaustedError(what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(what + "; another program keeps it");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return absl::DataLossError(what);
    case SQLITE_CONSTRAINT:
      return absl::AlreadyExistsError(what);
    default:
      return absl::UnavailableError(what);
  }
}

std::string file_name(sqlite3* database) {
  const char* name = sqlite3_db_filename(database, "main");
  return name != nullptr ? name : "";
}

}  // namespace

Statement& Statement::bind(int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), ++bound_, value);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  const int code = sqlite3_bind_text64(statement_.get(), ++bound_, value.data(), value.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(std::span<const std::byte> value) {
  const int code = value.empty() ? sqlite3_bind_zeroblob(statement_.get(), ++bound_, 0)
                                 : sqlite3_bind_blob64(statement_.get(), ++bound_, value.data(),
                                                       value.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

absl::StatusOr<bool> Statement::step() {
  sqlite3* database = sqlite3_db_handle(statement_.get());
  if (bind_error_ != SQLITE_OK) return sqlite_status(nullptr, bind_error_, file_name(database));
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sqlite_status(database, code, file_name(database));
}

absl::Status Statement::run() { return step().status(); }

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr ? std::string() : std::string(text, static_cast<size_t>(size));
}

std::vector<std::byte> Statement::blob(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::vector<std::byte>() : std::vector<std::byte>(data, data + size);
}

absl::StatusOr<Database> Database::open(const std::filesystem::path& path, Mode mode) {
  if (mode == Mode::kNew) {
    // SQLite would make it readable by others.
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) return errno_status(errno, "cannot make", path);
  } else if (::access(path.c_str(), F_OK) != 0) {
    return errno_status(errno, "cannot open", path);
  }
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  Database database(handle, path);
  if (code != SQLITE_OK) return sqlite_status(handle, code, path.string());
  DURWARD_RETURN_IF_ERROR(database.configure());
  return database;
}

absl::Status Database::configure() {
  sqlite3_busy_timeout(database_.get(), kBusyMilliseconds);
  sqlite3_limit(database_.get(), SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return execute(
      "PRAGMA secure_delete = ON; PRAGMA synchronous = EXTRA; PRAGMA temp_store = MEMORY;"
      "PRAGMA cell_size_check = ON;");
}

absl::Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return sqlite_status(database_.get(), code, path_.string());
}

absl::StatusOr<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) return sqlite_status(database_.get(), code, path_.string());
  return Statement(statement);
}

absl::Status Database::copy_to(Database& other) {
  sqlite3_backup* backup =
      sqlite3_backup_init(other.database_.get(), "main", database_.get(), "main");
  if (backup == nullptr) {
    return sqlite_status(other.database_.get(), sqlite3_errcode(other.database_.get()),
                         other.path_.string());
  }
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return absl::OkStatus();
  return sqlite_status(nullptr, finished != SQLITE_OK ? finished : stepped, other.path_.string());
}

int64_t Database::changed_rows() const { return sqlite3_changes64(database_.get()); }

absl::StatusOr<Transaction> Transaction::begin(Database& database) {
  DURWARD_RETURN_IF_ERROR(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) database_->execute("ROLLBACK").IgnoreError();
}

absl::Status Transaction::commit() {
  DURWARD_RETURN_IF_ERROR(database_->execute("COMMIT"));
  database_ = nullptr;
  return absl::OkStatus();
}

}  // namespace durward
