#include "auth/decision.h"

#include <algorithm>
#include <cmath>

namespace durward {
namespace {

const FactorEvidence* find_evidence(std::span<const FactorEvidence> evidence,
                                    std::string_view modality) {
  const auto found = std::find_if(evidence.begin(), evidence.end(),
                                  [&](const auto& factor) { return factor.modality == modality; });
  return found == evidence.end() ? nullptr : &*found;
}

bool all_finite(const FactorEvidence& evidence) {
  return std::isfinite(evidence.score) && std::isfinite(evidence.llr) &&
         std::isfinite(evidence.pad_llr.value_or(0)) &&
         std::all_of(evidence.qualities.begin(), evidence.qualities.end(),
                     [](const Measure& quality) { return std::isfinite(quality.value); });
}

// A factor that the policy names, and what there is of it.
struct Considered {
  const FactorPolicy* rule;
  const FactorEvidence* evidence;  // not missing
};

Decision decision(const Policy& policy, DecisionKind verdict, Reason reason,
                  std::string factor = "") {
  Decision result{verdict, reason, std::move(factor)};
  result.threshold = policy.llr_threshold();
  return result;
}

std::optional<Reason> refuse_template(const TemplatePolicy& rule, const FactorEvidence& evidence) {
  const bool usable =
      evidence.template_match == TemplateMatch::kSameModel ||
      (evidence.template_match == TemplateMatch::kCompatibleModel && rule.accept_compatible);
  if (!usable) return Reason::kTemplateOtherModel;
  if (rule.max_age_days && evidence.template_age_days > *rule.max_age_days) {
    return Reason::kTemplateTooOld;
  }
  return std::nullopt;
}

// Whether the presentation is bona fide and answered its challenge.
std::optional<Decision> refuse_presentation(const Policy& policy, const Considered& factor) {
  const auto& [rule, evidence] = factor;
  if (rule->challenge) {
    if (!evidence->challenge) {
      return decision(policy, DecisionKind::kRetry, Reason::kChallengeMissing, rule->modality);
    }
    if (*evidence->challenge != ChallengeVerdict::kPassed) {
      return decision(policy, DecisionKind::kReject, Reason::kChallengeFailed, rule->modality);
    }
  }
  if (rule->pad == PadRule::kRequired && !evidence->pad_llr) {
    return decision(policy, DecisionKind::kRetry, Reason::kPadMissing, rule->modality);
  }
  if (rule->pad != PadRule::kOff && evidence->pad_llr &&
      !(*evidence->pad_llr > rule->pad_llr_floor)) {
    return decision(policy, DecisionKind::kReject, Reason::kPresentationAttack, rule->modality);
  }
  return std::nullopt;
}

// The sum and the floors, of factors that passed everything else.
Decision weigh(const Policy& policy, std::span<const Considered> factors) {
  double fused = 0;
  int64_t counted = 0;
  std::string below;
  for (const auto& [rule, evidence] : factors) {
    const bool speaks_for = rule->use == FactorUse::kFor;
    fused += speaks_for ? evidence->llr : std::min(evidence->llr, 0.0);
    const bool counts = speaks_for && evidence->llr > rule->llr_floor.value_or(0);
    counted += counts;
    if (speaks_for && !counts && below.empty()) below = rule->modality;
  }
  Decision result = decision(policy, DecisionKind::kAccept, Reason::kAccepted);
  result.fused_llr = fused;
  result.factors_counted = counted;
  if (!(fused > result.threshold)) {
    result.verdict = DecisionKind::kReject;
    result.reason = Reason::kEvidenceTooWeak;
  } else if (counted < policy.factors_needed) {
    result.verdict = DecisionKind::kReject;
    result.reason = Reason::kFactorBelowFloor;
    result.factor = below;
  }
  return result;
}

}  // namespace

std::string_view name_of(Missing missing) {
  switch (missing) {
    case Missing::kNoSource:
      return "no-source";
    case Missing::kNoSample:
      return "no-sample";
    case Missing::kLowQuality:
      return "low-quality";
    case Missing::kSourceLost:
      return "source-lost";
    case Missing::kNotEnrolled:
      return "not-enrolled";
    case Missing::kDeadline:
      return "deadline";
    case Missing::kModelFailed:
      break;
  }
  return "model-failed";
}

std::string_view name_of(DecisionKind verdict) {
  switch (verdict) {
    case DecisionKind::kAccept:
      return "accept";
    case DecisionKind::kReject:
      return "reject";
    case DecisionKind::kRetry:
      return "retry";
    case DecisionKind::kLocked:
      break;
  }
  return "locked";
}

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::kAccepted:
      return "accepted";
    case Reason::kFactorMissing:
      return "factor-missing";
    case Reason::kDeadline:
      return "deadline";
    case Reason::kPadMissing:
      return "pad-missing";
    case Reason::kChallengeMissing:
      return "challenge-missing";
    case Reason::kCancelled:
      return "cancelled";
    case Reason::kNotFinite:
      return "not-finite";
    case Reason::kSampleFault:
      return "sample-fault";
    case Reason::kTemplateTooOld:
      return "template-too-old";
    case Reason::kTemplateOtherModel:
      return "template-of-other-model";
    case Reason::kChallengeFailed:
      return "challenge-failed";
    case Reason::kPresentationAttack:
      return "presentation-attack";
    case Reason::kEvidenceTooWeak:
      return "evidence-too-weak";
    case Reason::kFactorBelowFloor:
      return "factor-below-floor";
    case Reason::kLockedOut:
      return "locked-out";
    case Reason::kDisabled:
      break;
  }
  return "disabled";
}

std::optional<Decision> lacks_factors(const Policy& policy,
                                      std::span<const FactorEvidence> evidence) {
  int64_t can_count = 0;
  const FactorPolicy* lacking = nullptr;
  for (const FactorPolicy& rule : policy.factors) {
    const FactorEvidence* found = find_evidence(evidence, rule.modality);
    if (found != nullptr && !found->missing) {
      can_count += rule.use == FactorUse::kFor;
    } else if (lacking == nullptr || (rule.required && !lacking->required)) {
      lacking = &rule;
    }
  }
  if (lacking == nullptr || (!lacking->required && can_count >= policy.factors_needed)) {
    return std::nullopt;
  }
  const FactorEvidence* found = find_evidence(evidence, lacking->modality);
  const bool late = found != nullptr && found->missing == Missing::kDeadline;
  return decision(policy, DecisionKind::kRetry, late ? Reason::kDeadline : Reason::kFactorMissing,
                  lacking->modality);
}

Decision decide(const Policy& policy, std::span<const FactorEvidence> evidence) {
  std::vector<Considered> factors;
  for (const FactorPolicy& rule : policy.factors) {
    const FactorEvidence* found = find_evidence(evidence, rule.modality);
    if (found == nullptr) continue;
    if (found->fault) {
      return decision(policy, DecisionKind::kReject, Reason::kSampleFault, rule.modality);
    }
    if (found->missing) continue;
    if (!all_finite(*found)) {
      return decision(policy, DecisionKind::kReject, Reason::kNotFinite, rule.modality);
    }
    factors.push_back({&rule, found});
  }
  if (std::optional<Decision> lacking = lacks_factors(policy, evidence)) return *lacking;
  std::vector<Considered> usable;
  std::optional<Decision> refused_template;
  int64_t can_count = 0;
  for (const Considered& factor : factors) {
    if (const auto reason = refuse_template(policy.templates, *factor.evidence)) {
      // One that is not required is as if it were not there.
      refused_template = decision(policy, DecisionKind::kReject, *reason, factor.rule->modality);
      if (factor.rule->required) return *refused_template;
      continue;
    }
    if (std::optional<Decision> refused = refuse_presentation(policy, factor)) return *refused;
    can_count += factor.rule->use == FactorUse::kFor;
    usable.push_back(factor);
  }
  if (refused_template && can_count < policy.factors_needed) return *refused_template;
  return weigh(policy, usable);
}

}  // namespace durward
