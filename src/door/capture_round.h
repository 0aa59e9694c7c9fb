// Samples of one factor outside of a decision: for enrolment, and for finding who somebody may be.
#pragma once

#include <atomic>
#include <optional>
#include <string_view>

#include "auth/session_clock.h"
#include "auth/template_factor.h"
#include "door/door_observer.h"

namespace durward {

struct CaptureParts {
  TemplateFactor& factor;
  SessionClock& clock;
  SampleMemory& memory;
  DoorObserver* observer;
  const std::atomic<bool>& cancelled;
};

struct CapturedRound {
  int64_t seen = 0, kept = 0;
  std::optional<SampleFault> fault = std::nullopt;
  bool complete = false;
};

// From begin(user) until the factor has enough, a fault, or `capture_ms` are over. Errors:
// Cancelled, NotFound where the user has no template, and the source's.
[[nodiscard]] absl::StatusOr<CapturedRound> capture_round(const CaptureParts& parts,
                                                          std::string_view user,
                                                          int64_t capture_ms);

}  // namespace durward
