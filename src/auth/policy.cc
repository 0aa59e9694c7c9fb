#include "auth/policy.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/sha256.h"
#include "bundle/json_fields.h"

namespace durward {
namespace {

constexpr std::string_view kPolicySchema = "durward-policy/1";
constexpr int64_t kMaxPolicyBytes = 64 << 10;
constexpr double kMaxLlr = 100;
constexpr int64_t kDayMilliseconds = 86'400'000;
constexpr int64_t kYearSeconds = 366 * 86'400;

// One of the words, as its place in the list.
size_t read_word(const JsonField& field, std::initializer_list<std::string_view> words) {
  const std::string text = field.text();
  const auto* const found = std::find(words.begin(), words.end(), text);
  if (found != words.end()) return static_cast<size_t>(found - words.begin());
  std::string list;
  for (const std::string_view word : words) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", std::string(word));
  }
  field.refuse(absl::StrCat("must be one of: ", list));
  return 0;
}

double read_between(const JsonField& field, double lowest, double highest) {
  const double number = field.number();
  if (!(number >= lowest && number <= highest)) {
    field.refuse(absl::StrCat("must be a number from ", lowest, " to ", highest));
  }
  return number;
}

std::optional<int64_t> read_optional_whole(const JsonField& field, int64_t lowest,
                                           int64_t highest) {
  if (field.is_null()) return std::nullopt;
  return field.whole(lowest, highest);
}

ChallengeSpec read_challenge(const JsonField& field) {
  field.expect_fields({"kind", "length", "step_ms", "errors_allowed"});
  ChallengeSpec spec;
  spec.kind = read_word(field["kind"], {"actions", "digits"}) == 0 ? ChallengeKind::kActions
                                                                   : ChallengeKind::kDigits;
  spec.length = field["length"].whole(1, kMaxChallengeLength);
  spec.step_ms = field["step_ms"].whole(200, 60'000);
  spec.errors_allowed = field["errors_allowed"].whole(0, spec.length);
  if (spec.errors_allowed > 0 &&
      (spec.kind == ChallengeKind::kActions || 2 * spec.errors_allowed >= spec.length)) {
    field["errors_allowed"].refuse("may be above 0 for digits alone, and below half of them");
  }
  return spec;
}

FactorPolicy read_factor(const JsonField& field) {
  field.expect_fields(
      {"modality", "use", "required", "llr_floor", "pad", "pad_llr_floor", "challenge"});
  FactorPolicy factor;
  factor.modality = field["modality"].text();
  read_word(field["modality"], {"face", "voice", "touch"});
  factor.use =
      read_word(field["use"], {"for", "against"}) == 0 ? FactorUse::kFor : FactorUse::kAgainst;
  factor.required = field["required"].truth();
  if (!field["llr_floor"].is_null())
    factor.llr_floor = read_between(field["llr_floor"], 0, kMaxLlr);
  constexpr PadRule kPadRules[] = {PadRule::kRequired, PadRule::kWherePossible, PadRule::kOff};
  factor.pad = kPadRules[read_word(field["pad"], {"required", "where-possible", "off"})];
  factor.pad_llr_floor = read_between(field["pad_llr_floor"], -kMaxLlr, kMaxLlr);
  const JsonField challenge = field["challenge"];
  if (!challenge.is_null()) factor.challenge = read_challenge(challenge);
  if (factor.use == FactorUse::kAgainst && factor.llr_floor) {
    field["llr_floor"].refuse("must be null: the factor never speaks for a person");
  }
  return factor;
}

AttemptPolicy read_attempts(const JsonField& field) {
  field.expect_fields(
      {"limit", "lock_seconds", "lock_growth", "max_lock_seconds", "disable_after"});
  AttemptPolicy attempts;
  attempts.limit = field["limit"].whole(1, 100);
  attempts.lock_seconds = field["lock_seconds"].whole(1, kYearSeconds);
  attempts.lock_growth = read_between(field["lock_growth"], 1, 100);
  attempts.max_lock_seconds = field["max_lock_seconds"].whole(attempts.lock_seconds, kYearSeconds);
  attempts.disable_after = read_optional_whole(field["disable_after"], attempts.limit, 1'000'000);
  return attempts;
}

// What the fields promise together.
void check_promises(const JsonField& field, const Policy& policy) {
  int64_t can_count = 0;
  for (size_t i = 0; i < policy.factors.size(); ++i) {
    const FactorPolicy& factor = policy.factors[i];
    for (size_t j = 0; j < i; ++j) {
      if (policy.factors[j].modality == factor.modality) {
        field["factors"].refuse(absl::StrCat("name ", factor.modality, " twice"));
      }
    }
    can_count += factor.use == FactorUse::kFor;
    if (policy.factors_needed > 1 && factor.use == FactorUse::kFor && !factor.llr_floor) {
      field["factors"].refuse(absl::StrCat(
          "promise ", policy.factors_needed, " factors, so ", factor.modality,
          " needs an llr_floor: with a sum alone one strong factor makes up for a wrong one"));
    }
  }
  if (policy.factors_needed > can_count) {
    field["factors_needed"].refuse(absl::StrCat("must be at most ", can_count,
                                                ", the number of factors that are used \"for\""));
  }
  const double threshold = policy.llr_threshold();
  if (!(threshold >= 0 && threshold <= kMaxLlr)) {
    field["cost_false_accept"].refuse(
        absl::StrCat("gives, with prior_genuine and cost_false_reject, the threshold ", threshold,
                     "; it must be from 0 to ", kMaxLlr));
  }
}

Policy read_document(const JsonField& field) {
  field.expect_fields({"schema", "name", "summary", "prior_genuine", "cost_false_accept",
                       "cost_false_reject", "factors", "factors_needed", "attempts", "time",
                       "templates"});
  Policy policy;
  read_word(field["schema"], {kPolicySchema});
  policy.name = field["name"].text();
  policy.summary = field["summary"].text();
  policy.prior_genuine = read_between(field["prior_genuine"], 1e-9, 1 - 1e-9);
  policy.cost_false_accept = read_between(field["cost_false_accept"], 1e-12, 1e12);
  policy.cost_false_reject = read_between(field["cost_false_reject"], 1e-12, 1e12);
  for (const JsonField& factor : field["factors"].items(3)) {
    policy.factors.push_back(read_factor(factor));
  }
  policy.factors_needed = field["factors_needed"].whole(1, 3);
  policy.attempts = read_attempts(field["attempts"]);
  const JsonField time = field["time"];
  time.expect_fields({"capture_ms", "decide_within_ms"});
  policy.time.capture_ms = time["capture_ms"].whole(100, kDayMilliseconds);
  policy.time.decide_within_ms = time["decide_within_ms"].whole(10, kDayMilliseconds);
  const JsonField templates = field["templates"];
  templates.expect_fields({"max_age_days", "accept_compatible"});
  policy.templates.max_age_days = read_optional_whole(templates["max_age_days"], 1, 36'600);
  policy.templates.accept_compatible = templates["accept_compatible"].truth();
  check_promises(field, policy);
  return policy;
}

}  // namespace

double Policy::llr_threshold() const {
  return std::log((1 - prior_genuine) / prior_genuine * cost_false_accept / cost_false_reject);
}

double Policy::far_bound() const { return std::min(1.0, std::exp(-llr_threshold())); }

const FactorPolicy* Policy::factor(std::string_view modality) const {
  const auto found = std::find_if(factors.begin(), factors.end(), [&](const FactorPolicy& factor) {
    return factor.modality == modality;
  });
  return found == factors.end() ? nullptr : &*found;
}

absl::StatusOr<Policy> parse_policy(std::string_view text) {
  DURWARD_ASSIGN_OR_RETURN(const nlohmann::json document, parse_strict_json(text));
  absl::Status status;
  Policy policy = read_document(JsonField(document, status, "docs/policies.md"));
  if (!status.ok()) return status;
  policy.sha256 = sha256_hex(std::as_bytes(std::span(text.data(), text.size())));
  return policy;
}

absl::StatusOr<Policy> read_policy(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, kMaxPolicyBytes));
  absl::StatusOr<Policy> policy = parse_policy(text);
  if (!policy.ok()) return with_context(policy.status(), path.string());
  return policy;
}

}  // namespace durward
