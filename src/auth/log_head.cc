#include "auth/log_head.h"

#include "auth/log_line.h"
#include "vault/sealing.h"

namespace durward {
namespace {

std::string head_mac(const LogHead& head, const Secret& key) {
  const Binding binding = Binding("durward log head")
                              .add(head.sequence)
                              .add(std::string_view(head.digest))
                              .add(head.bytes);
  const std::span<const std::byte> bytes = binding.bytes();
  return mac_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, key);
}

}  // namespace

absl::StatusOr<LogHead> read_log_head(Database& state, const Secret& key) {
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      state.prepare("SELECT sequence, digest, bytes, mac FROM log_head WHERE id = 1"));
  DURWARD_ASSIGN_OR_RETURN(const bool found, statement.step());
  if (!found) return LogHead{0, no_line_digest(), 0};
  LogHead head{statement.integer(0), statement.text(1), statement.integer(2)};
  if (statement.text(3) == head_mac(head, key)) return head;
  return absl::UnauthenticatedError(
      "the head of the decision log was changed since it was written, or has another key");
}

absl::Status write_log_head(Database& state, const LogHead& head, const Secret& key) {
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      state.prepare("INSERT OR REPLACE INTO log_head (id, sequence, digest, bytes, mac) VALUES "
                    "(1, ?, ?, ?, ?)"));
  return statement.bind(head.sequence)
      .bind(std::string_view(head.digest))
      .bind(head.bytes)
      .bind(std::string_view(head_mac(head, key)))
      .run();
}

}  // namespace durward
