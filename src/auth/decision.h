// Evidence of each factor -> one decision with one reason.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/challenge.h"
#include "auth/policy.h"
#include "auth/sample_guard.h"

namespace durward {

// Why a factor has no evidence.
enum class Missing {
  kNoSource,     // nothing here gives samples of it
  kNoSample,     // none came in time
  kLowQuality,   // some came, none was good enough
  kSourceLost,   // the camera or microphone went away, or failed
  kNotEnrolled,  // the user has no template
  kDeadline,     // its models were not done when the decision was due
  kModelFailed,  // its models gave an error
};
[[nodiscard]] std::string_view name_of(Missing missing);

struct Measure {
  std::string name;  // "sharpness", "snr-db"
  double value = 0;
};

enum class TemplateMatch { kSameModel, kCompatibleModel, kOtherModel };

struct FactorEvidence {
  std::string modality;
  std::optional<Missing> missing = std::nullopt;
  std::string detail = {};  // in words: what was missing, which error
  // What is wrong with its samples as such: repeated, out of order, of another source.
  std::optional<SampleFault> fault = std::nullopt;
  int64_t samples = 0;  // that were used
  std::vector<Measure> qualities = {};
  double score = 0;                                          // of the comparison
  double llr = 0;                                            // natural, calibrated
  std::optional<double> pad_llr = std::nullopt;              // positive: bona fide
  std::optional<ChallengeVerdict> challenge = std::nullopt;  // where one was set
  int64_t template_age_days = 0;
  TemplateMatch template_match = TemplateMatch::kSameModel;
  std::string bundle_sha256 = {};  // of the model that compared
  int64_t capture_ms = 0, evaluate_ms = 0;
  int64_t last_sample_ms = 0;  // when the last sample of all was taken, by the session's clock
};

enum class DecisionKind { kAccept, kReject, kRetry, kLocked };
[[nodiscard]] std::string_view name_of(DecisionKind verdict);

enum class Reason {
  kAccepted,
  // Retry: there is too little to decide on.
  kFactorMissing,
  kDeadline,    // the decision was due before enough evidence was there
  kPadMissing,  // nothing says whether the presentation is bona fide
  kChallengeMissing,
  kCancelled,
  // Reject.
  kNotFinite,    // a score, LLR or quality is no number
  kSampleFault,  // samples repeated, out of order, or of another source
  kTemplateTooOld,
  kTemplateOtherModel,
  kChallengeFailed,
  kPresentationAttack,
  kEvidenceTooWeak,   // the fused LLR is not above the threshold
  kFactorBelowFloor,  // the sum would do, but too few factors count on their own
  // Locked.
  kLockedOut,
  kDisabled,
};
[[nodiscard]] std::string_view name_of(Reason reason);

struct Decision {
  DecisionKind verdict = DecisionKind::kReject;
  Reason reason = Reason::kEvidenceTooWeak;
  std::string factor = {};  // the modality that the reason is about; empty for none
  std::optional<double> fused_llr = std::nullopt;  // where it came to that
  double threshold = 0;
  int64_t factors_counted = 0;
};

// Whether the policy can accept at all with what is missing; else a retry. No score is looked at,
// so the answer tells nobody anything about them.
[[nodiscard]] std::optional<Decision> lacks_factors(const Policy& policy,
                                                    std::span<const FactorEvidence> evidence);

// Factors that the policy does not name are not looked at. In this order: values that are no
// numbers; faults of samples; missing factors; templates; challenges; presentation attacks; the sum
// of the LLRs against the threshold; each factor against its floor. So who fails a check of
// presence or liveness learns nothing about the comparison.
[[nodiscard]] Decision decide(const Policy& policy, std::span<const FactorEvidence> evidence);

}  // namespace durward
