#include "door/enrolment.h"

#include <algorithm>
#include <functional>

#include "auth/enrolled_template.h"
#include "door/capture_round.h"

namespace durward {
namespace {

void refuse(EnrolledFactor& enrolled, EnrolRefusal refusal, std::string detail) {
  enrolled.refusal = refusal;
  enrolled.detail = std::move(detail);
}

// The direction that embeddings have together. FailedPrecondition where they cancel out.
absl::StatusOr<std::vector<float>> direction_of(std::vector<float> sum) {
  DURWARD_RETURN_IF_ERROR(to_unit_length(sum));
  return sum;
}

// False where the round is refused.
bool usable(const CapturedRound& round, EnrolledFactor& enrolled) {
  if (round.fault) {
    refuse(enrolled, EnrolRefusal::kSampleFault,
           absl::StrCat("samples are ", std::string(name_of(*round.fault))));
  } else if (!round.complete && round.seen == 0) {
    refuse(enrolled, EnrolRefusal::kNoSample, "no sample came in time");
  } else if (!round.complete) {
    refuse(enrolled, EnrolRefusal::kLowQuality,
           absl::StrCat("of ", round.seen, " samples ", round.kept,
                        " were good enough, which are too few"));
  }
  return !enrolled.refusal;
}

absl::Status check_liveness(const EnrolParts& parts, EnrolledFactor& enrolled) {
  if (parts.rule == nullptr || parts.rule->pad == PadRule::kOff) return absl::OkStatus();
  DURWARD_ASSIGN_OR_RETURN(const std::optional<double> llr, parts.factor.liveness());
  if (!llr) {
    if (parts.rule->pad == PadRule::kRequired) {
      refuse(enrolled, EnrolRefusal::kPadMissing,
             "the policy requires a detector of presentation attacks, and there is none");
    }
  } else if (!(*llr > parts.rule->pad_llr_floor)) {
    refuse(enrolled, EnrolRefusal::kPresentationAttack,
           "this looks like a picture, a mask or a recording");
  }
  return absl::OkStatus();
}

absl::Status check_consistency(const EnrolParts& parts, EnrolledFactor& enrolled) {
  DURWARD_ASSIGN_OR_RETURN(FactorComparison comparison, parts.factor.compare());
  enrolled.lowest_llr = std::min(enrolled.lowest_llr.value_or(comparison.llr), comparison.llr);
  enrolled.qualities = std::move(comparison.qualities);
  if (!(comparison.llr > kConsistentLlr)) {
    refuse(enrolled, EnrolRefusal::kOtherPerson,
           "these samples and those before are not surely of one person");
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view name_of(EnrolRefusal refusal) {
  switch (refusal) {
    case EnrolRefusal::kNoSample:
      return "no-sample";
    case EnrolRefusal::kLowQuality:
      return "low-quality";
    case EnrolRefusal::kSampleFault:
      return "sample-fault";
    case EnrolRefusal::kPadMissing:
      return "pad-missing";
    case EnrolRefusal::kPresentationAttack:
      return "presentation-attack";
    case EnrolRefusal::kOtherPerson:
      break;
  }
  return "other-person";
}

absl::StatusOr<EnrolledFactor> enroll_factor(const EnrolParts& parts, const EnrolOptions& options) {
  const std::string modality(parts.factor.modality());
  EnrolledFactor enrolled{.modality = modality};
  const CaptureParts capture{parts.factor, parts.clock, parts.memory, parts.observer,
                             parts.cancelled};
  std::vector<float> sum;  // of embeddings of length 1
  for (int64_t round = 0; round < options.rounds; ++round) {
    if (parts.observer != nullptr) parts.observer->progress(modality, round, options.rounds);
    if (round > 0) {
      DURWARD_ASSIGN_OR_RETURN(std::vector<float> direction, direction_of(sum));
      parts.book.set_candidate({{.user = std::string(kCandidate),
                                 .model = parts.factor.model(),
                                 .created = parts.clock.wall_ms() / 1000,
                                 .embedding = std::move(direction)}});
    }
    DURWARD_ASSIGN_OR_RETURN(
        const CapturedRound captured,
        capture_round(capture, round > 0 ? kCandidate : std::string_view(), parts.capture_ms));
    if (!usable(captured, enrolled)) return enrolled;
    DURWARD_RETURN_IF_ERROR(check_liveness(parts, enrolled));
    if (enrolled.refusal) return enrolled;
    if (round > 0) DURWARD_RETURN_IF_ERROR(check_consistency(parts, enrolled));
    if (enrolled.refusal) return enrolled;
    DURWARD_ASSIGN_OR_RETURN(std::vector<float> embedding, parts.factor.embedding());
    DURWARD_RETURN_IF_ERROR(to_unit_length(embedding));
    sum.resize(embedding.size());
    std::transform(sum.begin(), sum.end(), embedding.begin(), sum.begin(), std::plus<>());
    enrolled.samples += captured.kept;
    ++enrolled.rounds;
  }
  if (parts.observer != nullptr) {
    parts.observer->progress(modality, options.rounds, options.rounds);
  }
  DURWARD_ASSIGN_OR_RETURN(std::vector<float> direction, direction_of(std::move(sum)));
  enrolled.made = {parts.factor.model(), std::move(direction)};
  return enrolled;
}

}  // namespace durward
