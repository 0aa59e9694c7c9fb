// Whether a decision log is what was written, whole and in order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "auth/log_head.h"
#include "auth/log_line.h"

namespace durward {

enum class LogState {
  kIntact,
  kTorn,      // all whole lines are intact; the last one was not written to its end, as by a kill
  kChanged,   // a line is not what was written, is missing, or is somebody else's
  kCutShort,  // it ends before the line that the head names
};
[[nodiscard]] std::string_view name_of(LogState state);

struct LogVerification {
  LogState state = LogState::kIntact;
  std::string reason;  // with the file and the line where something is wrong
  int64_t lines = 0;   // that are intact
  int64_t first_sequence = 0, last_sequence = 0;  // of these; above 1 where old files were removed
  bool proved = false;                            // MACs and head were checked, not the chain alone
};

// What proves a log: the key of log_key() and the head of the state database.
struct LogProof {
  const Secret& key;
  LogHead head;
};

// Reads the log at `path` with the files put aside. Without a proof only the chain is checked,
// which anybody can compute: it shows damage, not forgery. `visit`, where given, gets each intact
// line. Errors: NotFound where there is no file; those of reading.
[[nodiscard]] absl::StatusOr<LogVerification> verify_log(
    const std::filesystem::path& path, const std::optional<LogProof>& proof,
    const std::function<void(const LogLine&)>& visit = {});

}  // namespace durward
