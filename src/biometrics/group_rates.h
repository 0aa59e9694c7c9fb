// Error rates of demographic groups at one threshold, and how far apart they are (ISO/IEC 19795-10;
// Grother, NISTIR 8429, 2022). Impostor trials count where both people are of the group: the rate
// at which a member is taken for another member.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/status.h"
#include "biometrics/scored_trials.h"
#include "biometrics/trial.h"

namespace durward {

struct GroupRates {
  int32_t group = 0;
  int64_t genuine_trials = 0, false_non_matches = 0;
  int64_t impostor_trials = 0, false_matches = 0;

  [[nodiscard]] std::optional<double> fnmr() const;  // nothing without trials
  [[nodiscard]] std::optional<double> fmr() const;
};

struct GroupDifferential {
  std::vector<GroupRates> groups;  // by group, ascending
  // The worst group's rate over the geometric mean of all groups': 1 where all are equal. Nothing
  // with fewer than two groups, or where a group has no trials or no errors, since its rate is then
  // not known well enough to divide by.
  std::optional<double> fmr_worst_to_mean, fnmr_worst_to_mean;
};

// From a list whose trials name their group; those with kNoGroup count nowhere.
[[nodiscard]] absl::StatusOr<GroupDifferential> group_rates(std::span<const Trial> trials,
                                                            std::span<const float> scores,
                                                            float threshold);

// From all pairs. group_of_person has an entry for each of scored.people, kNoGroup where unknown.
// FailedPrecondition where `scored` is not of all pairs, or the threshold lies below the impostor
// scores that were kept.
[[nodiscard]] absl::StatusOr<GroupDifferential> group_rates(
    const ScoredTrials& scored, std::span<const int32_t> group_of_person, float threshold);

}  // namespace durward
