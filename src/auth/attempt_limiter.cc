#include "auth/attempt_limiter.h"

#include <sodium.h>

#include <algorithm>
#include <cmath>

#include "auth/state_database.h"
#include "vault/sealing.h"

namespace durward {

// `locked_ms` remained at the time (boot_id, boot_ms).
struct AttemptLimiter::Row {
  int64_t failures = 0, locked_ms = 0;
  BootTime seen;
};

namespace {

std::vector<std::byte> row_mac(std::span<const std::byte> tag, int64_t failures, int64_t locked_ms,
                               const BootTime& seen, const Secret& key) {
  const Binding binding = Binding("durward attempts")
                              .add(tag)
                              .add(failures)
                              .add(locked_ms)
                              .add(std::string_view(seen.boot_id))
                              .add(seen.ms);
  const std::span<const std::byte> bytes = binding.bytes();
  return keyed_tag({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, key);
}

// What is left of a lock. Since another start of the machine at least the time of this one passed;
// a clock that went back, as in a container with a time of its own, counts as one that stood still.
int64_t remaining_ms(int64_t locked_ms, const BootTime& seen, const BootTime& now) {
  const int64_t passed = now.boot_id == seen.boot_id ? now.ms - seen.ms : now.ms;
  return std::max<int64_t>(0, locked_ms - std::max<int64_t>(0, passed));
}

// The lock that the `failures`-th failure brings.
int64_t lock_ms(int64_t failures, const AttemptPolicy& policy) {
  if (failures < policy.limit) return 0;
  const double seconds = static_cast<double>(policy.lock_seconds) *
                         std::pow(policy.lock_growth, static_cast<double>(failures - policy.limit));
  const double most = static_cast<double>(policy.max_lock_seconds);
  return static_cast<int64_t>(std::min(seconds, most) * 1000);
}

AttemptState state_of(int64_t failures, int64_t locked_ms, const AttemptPolicy& policy) {
  return {failures, locked_ms, policy.disable_after && failures >= *policy.disable_after};
}

}  // namespace

absl::StatusOr<AttemptLimiter> AttemptLimiter::open(const std::filesystem::path& state,
                                                    const Secret& key, const BootClock& clock) {
  DURWARD_ASSIGN_OR_RETURN(Database database, open_state_database(state));
  DURWARD_ASSIGN_OR_RETURN(Secret derived, derive_key(key, "attempts"));
  return AttemptLimiter(std::move(database), std::move(derived), clock);
}

absl::StatusOr<AttemptLimiter::Row> AttemptLimiter::read(std::span<const std::byte> tag) {
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.prepare("SELECT failures, locked_ms, boot_id, boot_ms, mac FROM attempts WHERE "
                        "tag = ?"));
  DURWARD_ASSIGN_OR_RETURN(const bool found, statement.bind(tag).step());
  if (!found) return Row{};
  Row row{statement.integer(0), statement.integer(1), {statement.text(2), statement.integer(3)}};
  const std::vector<std::byte> mac = row_mac(tag, row.failures, row.locked_ms, row.seen, key_);
  const std::vector<std::byte> stored = statement.blob(4);
  if (stored.size() != mac.size() || sodium_memcmp(stored.data(), mac.data(), mac.size()) != 0) {
    return absl::UnauthenticatedError(
        "the count of failed attempts was changed since it was written; reset the user after "
        "finding out how");
  }
  return row;
}

absl::Status AttemptLimiter::write(std::span<const std::byte> tag, const Row& row) {
  DURWARD_ASSIGN_OR_RETURN(
      Statement statement,
      database_.prepare("INSERT OR REPLACE INTO attempts (tag, failures, locked_ms, boot_id, "
                        "boot_ms, mac) VALUES (?, ?, ?, ?, ?, ?)"));
  return statement.bind(tag)
      .bind(row.failures)
      .bind(row.locked_ms)
      .bind(row.seen.boot_id)
      .bind(row.seen.ms)
      .bind(row_mac(tag, row.failures, row.locked_ms, row.seen, key_))
      .run();
}

absl::StatusOr<AttemptState> AttemptLimiter::state(std::string_view user,
                                                   const AttemptPolicy& policy) {
  const std::lock_guard<std::mutex> lock(*mutex_);
  DURWARD_ASSIGN_OR_RETURN(const BootTime now, clock_->now());
  DURWARD_ASSIGN_OR_RETURN(const Row row, read(keyed_tag(user, key_)));
  return state_of(row.failures, remaining_ms(row.locked_ms, row.seen, now), policy);
}

absl::StatusOr<std::optional<AttemptState>> AttemptLimiter::charge(std::string_view user,
                                                                   const AttemptPolicy& policy) {
  const std::lock_guard<std::mutex> lock(*mutex_);
  const std::vector<std::byte> tag = keyed_tag(user, key_);
  DURWARD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  DURWARD_ASSIGN_OR_RETURN(const BootTime now, clock_->now());
  DURWARD_ASSIGN_OR_RETURN(Row row, read(tag));
  const bool same_boot = row.seen.boot_id == now.boot_id;
  row.locked_ms = remaining_ms(row.locked_ms, row.seen, now);
  row.seen = now;
  const AttemptState before = state_of(row.failures, row.locked_ms, policy);
  if (!before.open()) {
    // What has passed since this start would not count after the next one.
    if (!same_boot) {
      DURWARD_RETURN_IF_ERROR(write(tag, row));
      DURWARD_RETURN_IF_ERROR(transaction.commit());
    }
    return std::nullopt;
  }
  ++row.failures;
  row.locked_ms = lock_ms(row.failures, policy);
  DURWARD_RETURN_IF_ERROR(write(tag, row));
  DURWARD_RETURN_IF_ERROR(transaction.commit());
  return state_of(row.failures, row.locked_ms, policy);
}

absl::Status AttemptLimiter::reset(std::string_view user) {
  const std::lock_guard<std::mutex> lock(*mutex_);
  DURWARD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_));
  DURWARD_ASSIGN_OR_RETURN(Statement statement,
                           database_.prepare("DELETE FROM attempts WHERE tag = ?"));
  DURWARD_RETURN_IF_ERROR(statement.bind(keyed_tag(user, key_)).run());
  return transaction.commit();
}

}  // namespace durward
