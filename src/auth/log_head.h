// How far a decision log goes, kept in the state database: a log that ends before was cut short.
#pragma once

#include <cstdint>
#include <string>

#include "vault/secret.h"
#include "vault/sqlite.h"

namespace durward {

struct LogHead {
  int64_t sequence = 0;  // of the last line; 0 for a log without one
  std::string digest;    // of the last line
  int64_t bytes = 0;     // of the file that has it
};

// `key` is log_key()'s. An empty log's where there is none; Unauthenticated where it was changed by
// somebody without the key.
[[nodiscard]] absl::StatusOr<LogHead> read_log_head(Database& state, const Secret& key);
[[nodiscard]] absl::Status write_log_head(Database& state, const LogHead& head, const Secret& key);

}  // namespace durward
