#include "door/capture_round.h"

namespace durward {

absl::StatusOr<CapturedRound> capture_round(const CaptureParts& parts, std::string_view user,
                                            int64_t capture_ms) {
  TemplateFactor& factor = parts.factor;
  const absl::Status cancelled = absl::CancelledError("stopped");
  const int64_t until_ms = parts.clock.now_ms() + capture_ms;
  DURWARD_RETURN_IF_ERROR(factor.begin(user, nullptr));
  SampleGuard guard(parts.clock.now_ms(), parts.memory);
  CapturedRound round;
  std::string told;
  while (!factor.complete()) {
    // Asked after begin(), which forgets a stop.
    if (parts.cancelled) return cancelled;
    const absl::StatusOr<CapturedSample> sample = factor.capture(until_ms);
    if (absl::IsDeadlineExceeded(sample.status())) break;
    if (!sample.ok()) return sample.status();
    const SampleGuard::Use use = guard.check(sample->mark, parts.clock.now_ms());
    if (use == SampleGuard::Use::kFault) {
      round.fault = guard.fault();
      return round;
    }
    if (use == SampleGuard::Use::kSkip) continue;
    ++round.seen;
    if (parts.observer != nullptr && sample->guidance != told) {
      told = sample->guidance;
      parts.observer->guide(factor.modality(), told);
    }
    if (!sample->usable) continue;
    factor.keep();
    ++round.kept;
  }
  round.complete = factor.complete();
  return parts.cancelled ? absl::StatusOr<CapturedRound>(cancelled) : round;
}

}  // namespace durward
