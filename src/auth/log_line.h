// One line of the decision log: a record, what comes before it, and what proves both.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "vault/secret.h"

namespace durward {

inline constexpr size_t kMaxRecordBytes = 64 << 10;

struct LogLine {
  int64_t sequence = 0;  // from 1
  std::string previous;  // digest of the line before; of the first one 64 zeros
  std::string record;    // a JSON object
  std::string digest;    // SHA-256 of the line up to its digest
  std::string mac;       // keyed BLAKE2b of the digest

  bool operator==(const LogLine&) const = default;
};

// What the first line follows.
[[nodiscard]] std::string no_line_digest();

// A line with its digest and MAC. InvalidArgument where the record is no JSON object of at most
// kMaxRecordBytes in one line.
[[nodiscard]] absl::StatusOr<LogLine> make_log_line(int64_t sequence, std::string_view previous,
                                                    std::string_view record, const Secret& key);
// As it is written, without the line feed.
[[nodiscard]] std::string log_line_text(const LogLine& line);

// DataLoss where it is no such line or its digest is another's. The MAC is not looked at.
[[nodiscard]] absl::StatusOr<LogLine> parse_log_line(std::string_view text);
[[nodiscard]] bool log_line_is_of(const LogLine& line, const Secret& key);

// The key that lines and heads of a log are proved with, derived from the store's.
[[nodiscard]] absl::StatusOr<Secret> log_key(const Secret& key);

// The keyed BLAKE2b of a text, as hexadecimal.
[[nodiscard]] std::string mac_hex(std::string_view text, const Secret& key);

}  // namespace durward
