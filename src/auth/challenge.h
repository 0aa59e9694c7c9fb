// An active challenge: a few actions or digits in random order, asked for one after the other, so
// that a recording made before cannot answer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

inline constexpr int64_t kMaxChallengeLength = 16;

// What a person can be asked to do before a camera.
inline constexpr std::array<std::string_view, 4> kChallengeActions = {"blink", "turn-left",
                                                                      "turn-right", "nod"};

enum class ChallengeKind { kActions, kDigits };

struct ChallengeSpec {
  ChallengeKind kind = ChallengeKind::kActions;
  int64_t length = 2;
  int64_t step_ms = 5000;      // for an action; a string of digits has `length` times that
  int64_t errors_allowed = 0;  // digits that may be another one; none may be left out or added

  bool operator==(const ChallengeSpec&) const = default;
};

struct Challenge {
  std::string nonce;  // 32 hexadecimal digits: no two challenges have the same
  ChallengeSpec spec;
  std::vector<std::string> steps;  // of kChallengeActions; or "0" to "9"
  int64_t issued_ms = 0;           // by the clock of the samples
};

// Steps drawn uniformly from the system's random numbers (libsodium), none the same as the one
// before: of k actions there are k * (k-1)^(n-1) challenges, of digits 10 * 9^(n-1). Actions are
// those of `visible`, which whoever watches can see. InvalidArgument for a length out of range, a
// name that is no action or stands twice, and fewer than two actions.
[[nodiscard]] absl::StatusOr<Challenge> new_challenge(
    const ChallengeSpec& spec, int64_t issued_ms,
    std::span<const std::string_view> visible = kChallengeActions);

// What was seen or heard, with the time at which it was complete.
struct ChallengeResponse {
  struct Step {
    std::string name;
    int64_t at_ms = 0;
  };
  std::string nonce;
  std::vector<Step> steps;
};

enum class ChallengeVerdict {
  kPassed,
  kOtherNonce,  // an answer to another challenge
  kUnanswered,  // steps are missing
  kWrong,       // other steps, or in another order
  kTooEarly,    // faster than a person reacts
  kTooLate,     // after the time of its step
};
[[nodiscard]] std::string_view name_of(ChallengeVerdict verdict);

// A person reacts to what he sees or hears no faster than this; faster answers were prepared.
inline constexpr int64_t kLeastReactionMilliseconds = 150;

// Actions: each within step_ms of the one before, or of the challenge, and no sooner than a
// reaction; a blink more than asked for is nothing, since people blink, any other action is wrong.
// Digits: all within length * step_ms, each after the one before. A passed challenge is answered:
// the caller lets no second request use it.
[[nodiscard]] ChallengeVerdict verify_response(const Challenge& challenge,
                                               const ChallengeResponse& response);

}  // namespace durward
