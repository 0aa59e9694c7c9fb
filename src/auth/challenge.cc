#include "auth/challenge.h"

#include <sodium.h>

#include <algorithm>

namespace durward {
namespace {

constexpr std::string_view kBlink = kChallengeActions[0];
constexpr std::array<std::string_view, 10> kDigits = {"0", "1", "2", "3", "4",
                                                      "5", "6", "7", "8", "9"};

std::string random_hex(size_t bytes) {
  std::vector<unsigned char> random(bytes);
  randombytes_buf(random.data(), random.size());
  std::string hex(2 * bytes + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), random.data(), random.size());
  hex.pop_back();
  return hex;
}

absl::Status check_actions(std::span<const std::string_view> actions) {
  if (actions.size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("a challenge of actions needs two that can be seen, not ", actions.size()));
  }
  for (size_t i = 0; i < actions.size(); ++i) {
    const auto known = std::find(kChallengeActions.begin(), kChallengeActions.end(), actions[i]);
    const auto before = actions.first(i);
    if (known == kChallengeActions.end() ||
        std::find(before.begin(), before.end(), actions[i]) != before.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", std::string(actions[i]), "' is no action of a challenge, or stands twice"));
    }
  }
  return absl::OkStatus();
}

ChallengeVerdict verify_actions(const Challenge& challenge, const ChallengeResponse& response) {
  size_t next = 0;
  int64_t asked_ms = challenge.issued_ms;  // when the present step was asked for
  for (const ChallengeResponse::Step& step : response.steps) {
    if (next == challenge.steps.size()) break;
    if (step.name != challenge.steps[next]) {
      if (step.name == kBlink) continue;
      return ChallengeVerdict::kWrong;
    }
    const int64_t took_ms = step.at_ms - asked_ms;
    if (took_ms < kLeastReactionMilliseconds) {
      // A blink that comes before it was asked for is one of those that people make.
      if (step.name == kBlink && took_ms >= 0) continue;
      return ChallengeVerdict::kTooEarly;
    }
    if (took_ms > challenge.spec.step_ms) return ChallengeVerdict::kTooLate;
    asked_ms = step.at_ms;
    ++next;
  }
  return next == challenge.steps.size() ? ChallengeVerdict::kPassed : ChallengeVerdict::kUnanswered;
}

ChallengeVerdict verify_digits(const Challenge& challenge, const ChallengeResponse& response) {
  if (response.steps.size() < challenge.steps.size()) return ChallengeVerdict::kUnanswered;
  if (response.steps.size() > challenge.steps.size()) return ChallengeVerdict::kWrong;
  const int64_t window_ms = challenge.spec.length * challenge.spec.step_ms;
  int64_t errors = 0;
  int64_t before_ms = challenge.issued_ms + kLeastReactionMilliseconds - 1;
  for (size_t i = 0; i < response.steps.size(); ++i) {
    const ChallengeResponse::Step& step = response.steps[i];
    errors += step.name != challenge.steps[i];
    if (step.at_ms <= before_ms) return ChallengeVerdict::kTooEarly;
    if (step.at_ms - challenge.issued_ms > window_ms) return ChallengeVerdict::kTooLate;
    before_ms = step.at_ms;
  }
  return errors <= challenge.spec.errors_allowed ? ChallengeVerdict::kPassed
                                                 : ChallengeVerdict::kWrong;
}

}  // namespace

std::string_view name_of(ChallengeVerdict verdict) {
  switch (verdict) {
    case ChallengeVerdict::kPassed:
      return "passed";
    case ChallengeVerdict::kOtherNonce:
      return "other-nonce";
    case ChallengeVerdict::kUnanswered:
      return "unanswered";
    case ChallengeVerdict::kWrong:
      return "wrong";
    case ChallengeVerdict::kTooEarly:
      return "too-early";
    case ChallengeVerdict::kTooLate:
      break;
  }
  return "too-late";
}

absl::StatusOr<Challenge> new_challenge(const ChallengeSpec& spec, int64_t issued_ms,
                                        std::span<const std::string_view> visible) {
  if (sodium_init() < 0) return absl::UnavailableError("the system gives no random numbers");
  if (spec.length < 1 || spec.length > kMaxChallengeLength) {
    return absl::InvalidArgumentError(
        absl::StrCat("a challenge has 1 to ", kMaxChallengeLength, " steps, not ", spec.length));
  }
  Challenge challenge{.nonce = random_hex(16), .spec = spec, .steps = {}, .issued_ms = issued_ms};
  const bool actions = spec.kind == ChallengeKind::kActions;
  if (actions) DURWARD_RETURN_IF_ERROR(check_actions(visible));
  const std::span<const std::string_view> names = actions ? visible : kDigits;
  const auto count = static_cast<uint32_t>(names.size());
  uint32_t last = count;
  for (int64_t i = 0; i < spec.length; ++i) {
    // Of those that differ from the last one, each as likely as any other.
    uint32_t drawn = randombytes_uniform(last == count ? count : count - 1);
    if (drawn >= last) ++drawn;
    challenge.steps.emplace_back(names[drawn]);
    last = drawn;
  }
  return challenge;
}

ChallengeVerdict verify_response(const Challenge& challenge, const ChallengeResponse& response) {
  if (response.nonce != challenge.nonce) return ChallengeVerdict::kOtherNonce;
  return challenge.spec.kind == ChallengeKind::kActions ? verify_actions(challenge, response)
                                                        : verify_digits(challenge, response);
}

}  // namespace durward
