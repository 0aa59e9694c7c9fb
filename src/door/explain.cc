#include "door/explain.h"

#include <absl/strings/str_format.h>

#include <algorithm>

namespace durward {
namespace {

std::string_view named(const std::string& modality) {
  return modality.empty() ? "sample" : std::string_view(modality);
}

std::string seconds(int64_t ms) { return absl::StrCat((ms + 999) / 1000, " seconds"); }

// What was missing of the factor that a retry is about.
std::string missing_words(const DecisionRecord& record) {
  const auto found = std::find_if(
      record.factors.begin(), record.factors.end(),
      [&](const FactorEvidence& one) { return one.modality == record.decision.factor; });
  const std::string what(named(record.decision.factor));
  if (found == record.factors.end() || !found->missing) return absl::StrCat("no ", what, " came");
  switch (*found->missing) {
    case Missing::kNoSource:
      return absl::StrCat("nothing here gives samples of a ", what);
    case Missing::kNoSample:
      return absl::StrCat("no ", what, " came in time");
    case Missing::kLowQuality:
      return absl::StrCat("a ", what, " came, but none that was good enough");
    case Missing::kSourceLost:
      return absl::StrCat("the source of the ", what, " was lost: ", found->detail);
    case Missing::kNotEnrolled:
      return absl::StrCat("nobody of this name has enrolled a ", what);
    case Missing::kDeadline:
      return absl::StrCat("the ", what, " was not compared in time");
    case Missing::kModelFailed:
      break;
  }
  return absl::StrCat("the model of the ", what, " failed: ", found->detail);
}

std::string reason_words(const DecisionRecord& record) {
  const Decision& decision = record.decision;
  const std::string what(named(decision.factor));
  switch (decision.reason) {
    case Reason::kAccepted:
      return "the evidence is above the threshold, and everything that the policy asks for is "
             "there";
    case Reason::kFactorMissing:
      return missing_words(record);
    case Reason::kDeadline:
      return "the decision was due before enough was compared";
    case Reason::kPadMissing:
      return absl::StrCat("nothing here can say whether the ", what, " is live");
    case Reason::kChallengeMissing:
      return absl::StrCat("what was asked for was not answered by the ", what);
    case Reason::kCancelled:
      return "it was cancelled";
    case Reason::kNotFinite:
      return absl::StrCat("what was measured of the ", what, " is no number");
    case Reason::kSampleFault:
      return absl::StrCat(
          "the ", what,
          " does not come live from one device: it is repeated, out of order, of an "
          "earlier request, or of another device");
    case Reason::kTemplateTooOld:
      return absl::StrCat("the ", what, " was enrolled too long ago; enrol again");
    case Reason::kTemplateOtherModel:
      return absl::StrCat("the ", what, " was enrolled with another model; enrol again");
    case Reason::kChallengeFailed:
      return absl::StrCat("what the ", what, " did is not what was asked for");
    case Reason::kPresentationAttack:
      return absl::StrCat("the ", what, " looks like a picture, a mask or a recording");
    case Reason::kEvidenceTooWeak:
      return "the evidence is too weak";
    case Reason::kFactorBelowFloor:
      return absl::StrCat("the ", what, " is too weak on its own for this policy");
    case Reason::kLockedOut:
      return absl::StrCat("too many attempts failed; try again in ", seconds(record.locked_ms));
    case Reason::kDisabled:
      break;
  }
  return "too many attempts failed; somebody who may has to unlock this user";
}

std::string_view verdict_words(DecisionKind verdict) {
  switch (verdict) {
    case DecisionKind::kAccept:
      return "accepted";
    case DecisionKind::kReject:
      return "refused";
    case DecisionKind::kRetry:
      return "try again";
    case DecisionKind::kLocked:
      break;
  }
  return "locked";
}

}  // namespace

std::string explain(const DecisionRecord& record) {
  std::string text =
      absl::StrCat(std::string(verdict_words(record.decision.verdict)), ": ", reason_words(record));
  if (record.decision.verdict == DecisionKind::kReject && record.locked_ms > 0) {
    absl::StrAppend(&text, "; locked for ", seconds(record.locked_ms));
  }
  return text;
}

std::string explain_in_numbers(const DecisionRecord& record) {
  std::string text =
      absl::StrFormat("policy %s, threshold %.2f", record.policy, record.decision.threshold);
  if (record.decision.fused_llr) {
    text += absl::StrFormat(", evidence %.2f", *record.decision.fused_llr);
  }
  absl::StrAppend(&text, "; captured in ", record.capture_ms, " ms, decided in ", record.decide_ms,
                  " ms", record.deadline_hit ? ", when it was due" : "", "\n");
  for (const FactorEvidence& factor : record.factors) {
    absl::StrAppend(&text, factor.modality, ": ");
    if (factor.missing) {
      absl::StrAppend(&text, std::string(name_of(*factor.missing)),
                      factor.detail.empty() ? "" : ": ", factor.detail, "\n");
      continue;
    }
    if (factor.fault) {
      absl::StrAppend(&text, std::string(name_of(*factor.fault)), "\n");
      continue;
    }
    text += absl::StrFormat("%d samples, score %.3f, LLR %.2f", factor.samples, factor.score,
                            factor.llr);
    if (factor.pad_llr) text += absl::StrFormat(", live %.2f", *factor.pad_llr);
    if (factor.challenge) {
      absl::StrAppend(&text, ", challenge ", std::string(name_of(*factor.challenge)));
    }
    for (const Measure& quality : factor.qualities) {
      text += absl::StrFormat(", %s %.4g", quality.name, quality.value);
    }
    absl::StrAppend(&text, "; template of ", factor.template_age_days, " days\n");
  }
  return text;
}

std::string explain(const EnrolledFactor& factor) {
  if (!factor.refusal) return "";
  const std::string what = factor.modality + ": " + factor.detail;
  switch (*factor.refusal) {
    case EnrolRefusal::kNoSample:
    case EnrolRefusal::kLowQuality:
      return what + "; follow the guidance and try again";
    case EnrolRefusal::kSampleFault:
      return what + "; they must come live from one device, or be other ones for each round";
    case EnrolRefusal::kPadMissing:
    case EnrolRefusal::kPresentationAttack:
      return what;
    case EnrolRefusal::kOtherPerson:
      break;
  }
  return what + "; one person alone is enrolled, in good light and without noise";
}

std::string explain_step(std::string_view step) {
  if (step == "turn-left") return "turn your head to the left";
  if (step == "turn-right") return "turn your head to the right";
  return std::string(step);
}

std::string explain(const Challenge& challenge) {
  const bool digits = challenge.spec.kind == ChallengeKind::kDigits;
  std::string text = digits ? "say:" : "look here, then:";
  for (size_t i = 0; i < challenge.steps.size(); ++i) {
    absl::StrAppend(&text, i > 0 && !digits ? ", " : " ", explain_step(challenge.steps[i]));
  }
  return text;
}

}  // namespace durward
