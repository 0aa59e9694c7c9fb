#include "biometrics/scored_trials.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace durward {

std::vector<int32_t> distinct_people(std::vector<int32_t> person) {
  std::sort(person.begin(), person.end());
  person.erase(std::unique(person.begin(), person.end()), person.end());
  return person;
}

int32_t person_index(const std::vector<int32_t>& people, int32_t person) {
  return static_cast<int32_t>(std::lower_bound(people.begin(), people.end(), person) -
                              people.begin());
}

void sort_scores(ScoredTrials& scored) {
  std::sort(scored.genuine.begin(), scored.genuine.end(),
            [](const GenuineScore& a, const GenuineScore& b) {
              return std::tie(b.score, a.person) < std::tie(a.score, b.person);
            });
  std::sort(scored.impostors.begin(), scored.impostors.end(),
            [](const ImpostorScore& a, const ImpostorScore& b) {
              return std::tie(b.score, a.person_a, a.person_b) <
                     std::tie(a.score, b.person_a, b.person_b);
            });
}

absl::Status check_both_kinds(const ScoredTrials& scored) {
  if (!scored.genuine.empty() && scored.impostor_count > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("there are ", scored.genuine.size(), " genuine and ", scored.impostor_count,
                   " impostor trials; error rates need both: at least two pictures of one person, "
                   "and one of another"));
}

absl::StatusOr<ScoredTrials> collect_scores(std::span<const Trial> trials,
                                            std::span<const float> scores) {
  if (trials.size() != scores.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(trials.size(), " trials, but ", scores.size(), " scores"));
  }
  std::vector<int32_t> everyone;
  everyone.reserve(trials.size() * 2);
  for (size_t i = 0; i < trials.size(); ++i) {
    const Trial& trial = trials[i];
    if (!std::isfinite(scores[i])) {
      return absl::InvalidArgumentError(absl::StrCat("the score of trial ", i, " is not finite"));
    }
    if (trial.enrol_person < 0 || trial.probe_person < 0) {
      return absl::InvalidArgumentError(absl::StrCat("trial ", i, " has no person"));
    }
    if (trial.genuine != (trial.enrol_person == trial.probe_person)) {
      return absl::InvalidArgumentError(
          absl::StrCat("trial ", i, " is called ", trial.genuine ? "genuine" : "an impostor trial",
                       " but compares persons ", trial.enrol_person, " and ", trial.probe_person));
    }
    everyone.push_back(trial.enrol_person);
    everyone.push_back(trial.probe_person);
  }
  ScoredTrials scored;
  scored.people = distinct_people(std::move(everyone));
  for (size_t i = 0; i < trials.size(); ++i) {
    const int32_t a = person_index(scored.people, trials[i].enrol_person);
    const int32_t b = person_index(scored.people, trials[i].probe_person);
    if (trials[i].genuine) {
      scored.genuine.push_back({scores[i], a});
    } else {
      scored.impostors.push_back({scores[i], std::min(a, b), std::max(a, b)});
    }
  }
  scored.impostor_count = static_cast<int64_t>(scored.impostors.size());
  sort_scores(scored);
  return scored;
}

Accepted accepted_above(const ScoredTrials& scored, float threshold) {
  const auto above = [threshold](const auto& entry) { return entry.score > threshold; };
  const auto count_above = [&](const auto& entries) {
    return std::partition_point(entries.begin(), entries.end(), above) - entries.begin();
  };
  Accepted accepted{count_above(scored.genuine), count_above(scored.impostors)};
  for (const ScoreCount& lower : scored.lower_impostors) {
    if (!above(lower)) break;
    accepted.impostors += lower.count;
  }
  return accepted;
}

}  // namespace durward
