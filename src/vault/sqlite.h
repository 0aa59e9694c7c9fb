// SQLite's C interface with statuses, and with handles that close themselves.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

// One SQL statement; lives no longer than its database. Parameters are bound in their order.
class Statement {
 public:
  Statement& bind(int64_t value);
  Statement& bind(std::string_view value);
  Statement& bind(std::span<const std::byte> value);

  // True where there is a row to read, false at the end. Errors: those of the parameters, then as
  // Database::execute.
  [[nodiscard]] absl::StatusOr<bool> step();
  // For a statement without rows.
  [[nodiscard]] absl::Status run();

  // Of the present row, columns from 0.
  [[nodiscard]] int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::vector<std::byte> blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
  int bind_error_ = SQLITE_OK;
};

class Database {
 public:
  enum class Mode { kExisting, kNew };

  // A file that several processes may have open. A database is not trusted: its own SQL is not run,
  // and no value of more than 1 MiB is read. What is deleted is overwritten with zeros. Errors:
  // NotFound, AlreadyExists (kNew), and as execute().
  [[nodiscard]] static absl::StatusOr<Database> open(const std::filesystem::path& path, Mode mode);

  // Errors name the file: ResourceExhausted (the disk is full), Unavailable (another process has it
  // locked for more than five seconds, or the system cannot read or write it), PermissionDenied,
  // DataLoss (it is no database, or damaged).
  [[nodiscard]] absl::Status execute(const std::string& sql);
  [[nodiscard]] absl::StatusOr<Statement> prepare(std::string_view sql);

  // Copies everything to another database, also while other processes write to this one.
  [[nodiscard]] absl::Status copy_to(Database& other);
  [[nodiscard]] int64_t changed_rows() const;  // by the last statement

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  Database(sqlite3* database, std::filesystem::path path)
      : database_(database), path_(std::move(path)) {}
  absl::Status configure();

  std::unique_ptr<sqlite3, Close> database_;
  std::filesystem::path path_;
};

// Rolls back unless it was committed.
class Transaction {
 public:
  // Waits for other writers, as execute().
  [[nodiscard]] static absl::StatusOr<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  ~Transaction();
  [[nodiscard]] absl::Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace durward
