// Enrolment of one factor: several rounds of samples, of enough quality and bona fide, that are all
// of one person.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "auth/policy.h"
#include "auth/session_clock.h"
#include "door/door_observer.h"
#include "door/template_book.h"

namespace durward {

// A round must speak for being of the same person as those before: others' rounds pass at most one
// time in 20, since exp(-3) is below 0.05 (Markov's inequality, docs/policies.md).
inline constexpr double kConsistentLlr = 3.0;

struct EnrolOptions {
  bool replace = false;  // somebody who is enrolled, else refused
  int64_t rounds = 3;    // 1 to kMaxEnrolRounds; one is compared with nothing
};
inline constexpr int64_t kMaxEnrolRounds = 20;

// Why a person was not enrolled. Nothing was kept of him.
enum class EnrolRefusal {
  kNoSample,            // none came in time
  kLowQuality,          // some came, too few were good enough
  kSampleFault,         // repeated, out of order, of another source
  kPadMissing,          // nothing says whether the presentation is bona fide
  kPresentationAttack,  // it is not
  kOtherPerson,         // rounds that are not of one person
};
[[nodiscard]] std::string_view name_of(EnrolRefusal refusal);

struct EnrolledFactor {
  std::string modality;
  std::optional<EnrolRefusal> refusal = std::nullopt;
  std::string detail = {};                          // in words
  int64_t rounds = 0, samples = 0;                  // that were used
  std::optional<double> lowest_llr = std::nullopt;  // of a round against those before
  std::vector<Measure> qualities = {};              // of the last round
  NewTemplate made = {};                            // where it was not refused
  // Who among those enrolled is so like this person that the two may be taken for each other.
  std::optional<std::string> resembles = std::nullopt;
};

struct EnrolParts {
  TemplateFactor& factor;
  const FactorPolicy* rule;  // of the policy; none: no detector is asked
  int64_t capture_ms;        // for a round
  TemplateBook& book;
  SessionClock& clock;
  SampleMemory& memory;
  DoorObserver* observer;
  const std::atomic<bool>& cancelled;
};

// The template is the mean of the rounds' embeddings at unit length (for speakers: Wan et al.,
// "Generalized end-to-end loss for speaker verification", 2018). Errors: Cancelled; Unavailable
// where the source is lost; the models'.
[[nodiscard]] absl::StatusOr<EnrolledFactor> enroll_factor(const EnrolParts& parts,
                                                           const EnrolOptions& options);

}  // namespace durward
