// Counts failed attempts and locks a user out, so that neither a restart, a kill, a second process
// nor a clock that is set gives anybody more attempts than the policy.
//
// An attempt is charged before anything is compared and given back by an accept alone: a kill in
// between costs it. A lock is kept as what remains of it, and runs down by the time since this
// start of the machine alone: no clock that can be set is asked. Time during which the machine is
// off does not count, nor what passed between the last attempt and a restart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "auth/boot_clock.h"
#include "auth/policy.h"
#include "vault/secret.h"
#include "vault/sqlite.h"

namespace durward {

struct AttemptState {
  int64_t failures = 0;   // consecutive ones, with those that are charged and not yet decided
  int64_t locked_ms = 0;  // until the next attempt
  bool disabled = false;  // until reset()

  [[nodiscard]] bool open() const { return locked_ms == 0 && !disabled; }
};

// From any thread; any number of them, also of other processes, over one file. Errors besides
// those named: Database's and BootClock's; Unauthenticated where the user's row was changed by
// somebody without the key. Whoever gets an error lets nobody in.
class AttemptLimiter {
 public:
  // `key` is derived from, not kept; `clock` outlives the limiter. Errors: open_state_database's.
  [[nodiscard]] static absl::StatusOr<AttemptLimiter> open(const std::filesystem::path& state,
                                                           const Secret& key,
                                                           const BootClock& clock);

  [[nodiscard]] absl::StatusOr<AttemptState> state(std::string_view user,
                                                   const AttemptPolicy& policy);

  // Takes an attempt: the state with it where there was one to take, which is on the disk by then;
  // nothing where the user is locked out or disabled.
  [[nodiscard]] absl::StatusOr<std::optional<AttemptState>> charge(std::string_view user,
                                                                   const AttemptPolicy& policy);
  // The user was accepted, or somebody who may has set him free: no failures, no lock.
  [[nodiscard]] absl::Status reset(std::string_view user);

 private:
  AttemptLimiter(Database database, Secret key, const BootClock& clock)
      : database_(std::move(database)), key_(std::move(key)), clock_(&clock) {}

  struct Row;
  absl::StatusOr<Row> read(std::span<const std::byte> tag);
  absl::Status write(std::span<const std::byte> tag, const Row& row);

  // Not in place: the limiter can be moved until it is used.
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  Database database_;
  Secret key_;
  const BootClock* clock_;
};

}  // namespace durward
