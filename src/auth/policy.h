// The authenticator's decision core: evidence of several factors in, one decision with one reason
// out, each attempt charged and each decision recorded. This folder decides and keeps the rules;
// cameras, microphones and models are given to it (factor.h).
//
// A policy is what a device asks for before it accepts: docs/policies.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/challenge.h"
#include "base/status.h"

namespace durward {

// Whether a factor's LLR may speak for a person, or only against: a voice that is easily imitated
// can still show that somebody else speaks.
enum class FactorUse { kFor, kAgainst };

// Presentation-attack detection (ISO/IEC 30107-3): without it, no accept; or used where there is
// some; or not used.
enum class PadRule { kRequired, kWherePossible, kOff };

struct FactorPolicy {
  std::string modality;  // "face", "voice" or "touch"
  FactorUse use = FactorUse::kFor;
  bool required = false;  // without it, no accept
  // The factor counts when its LLR alone is above this; above 0 where there is none.
  std::optional<double> llr_floor = std::nullopt;
  PadRule pad = PadRule::kOff;
  double pad_llr_floor = 0;  // bona fide above this
  std::optional<ChallengeSpec> challenge = std::nullopt;

  bool operator==(const FactorPolicy&) const = default;
};

struct AttemptPolicy {
  int64_t limit = 5;  // consecutive failed attempts, then the first lock
  int64_t lock_seconds = 30;
  double lock_growth = 2;  // each further failure locks that many times longer
  int64_t max_lock_seconds = 3600;
  std::optional<int64_t> disable_after = std::nullopt;  // failures, until somebody resets it

  bool operator==(const AttemptPolicy&) const = default;
};

struct TimePolicy {
  int64_t capture_ms = 10000;      // from the request until the last sample
  int64_t decide_within_ms = 200;  // from the last sample until the decision

  bool operator==(const TimePolicy&) const = default;
};

struct TemplatePolicy {
  std::optional<int64_t> max_age_days = std::nullopt;
  bool accept_compatible = false;  // templates of another model whose certificate allows it

  bool operator==(const TemplatePolicy&) const = default;
};

struct Policy {
  std::string name, summary;
  double prior_genuine = 0.5;
  double cost_false_accept = 1000, cost_false_reject = 1;
  std::vector<FactorPolicy> factors;
  int64_t factors_needed = 1;  // so many factors count, each on its own; 2: two-factor
  AttemptPolicy attempts;
  TimePolicy time;
  TemplatePolicy templates;
  std::string sha256;  // of the text it was read from

  // Bayes' rule: accept when the fused LLR is above log((1 - p) / p * C_fa / C_fr).
  [[nodiscard]] double llr_threshold() const;
  // No more of other people pass than this where LLRs are calibrated: P(LLR > t) <= exp(-t), since
  // the likelihood ratio of an impostor has the mean 1 (Markov's inequality).
  [[nodiscard]] double far_bound() const;
  [[nodiscard]] const FactorPolicy* factor(std::string_view modality) const;
};

// A "durward-policy/1" document. InvalidArgument names the field, what it must be, or which
// promises contradict each other.
[[nodiscard]] absl::StatusOr<Policy> parse_policy(std::string_view text);
// A file of at most 64 KiB. Errors: read_file's and parse_policy's, with the path.
[[nodiscard]] absl::StatusOr<Policy> read_policy(const std::filesystem::path& path);

}  // namespace durward
