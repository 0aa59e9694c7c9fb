#include "biometrics/group_rates.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace durward {
namespace {

std::optional<double> rate(int64_t errors, int64_t trials) {
  if (trials == 0) return std::nullopt;
  return static_cast<double>(errors) / static_cast<double>(trials);
}

using RatesByGroup = std::map<int32_t, GroupRates>;

GroupRates& of_group(RatesByGroup& rates, int32_t group) {
  GroupRates& entry = rates[group];
  entry.group = group;
  return entry;
}

template <typename Rate>
std::optional<double> worst_to_mean(const std::vector<GroupRates>& groups, const Rate& rate_of) {
  if (groups.size() < 2) return std::nullopt;
  double logarithms = 0, worst = 0;
  for (const GroupRates& group : groups) {
    const std::optional<double> value = rate_of(group);
    if (!value || *value == 0) return std::nullopt;
    logarithms += std::log(*value);
    worst = std::max(worst, *value);
  }
  return worst / std::exp(logarithms / static_cast<double>(groups.size()));
}

GroupDifferential differential(const RatesByGroup& rates) {
  GroupDifferential result;
  for (const auto& [group, entry] : rates) result.groups.push_back(entry);
  result.fmr_worst_to_mean =
      worst_to_mean(result.groups, [](const GroupRates& group) { return group.fmr(); });
  result.fnmr_worst_to_mean =
      worst_to_mean(result.groups, [](const GroupRates& group) { return group.fnmr(); });
  return result;
}

}  // namespace

std::optional<double> GroupRates::fnmr() const { return rate(false_non_matches, genuine_trials); }
std::optional<double> GroupRates::fmr() const { return rate(false_matches, impostor_trials); }

absl::StatusOr<GroupDifferential> group_rates(std::span<const Trial> trials,
                                              std::span<const float> scores, float threshold) {
  if (trials.size() != scores.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(trials.size(), " trials, but ", scores.size(), " scores"));
  }
  RatesByGroup rates;
  for (size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].group == kNoGroup) continue;
    GroupRates& entry = of_group(rates, trials[i].group);
    const bool accepted = scores[i] > threshold;
    if (trials[i].genuine) {
      ++entry.genuine_trials;
      entry.false_non_matches += accepted ? 0 : 1;
    } else {
      ++entry.impostor_trials;
      entry.false_matches += accepted ? 1 : 0;
    }
  }
  return differential(rates);
}

absl::StatusOr<GroupDifferential> group_rates(const ScoredTrials& scored,
                                              std::span<const int32_t> group_of_person,
                                              float threshold) {
  if (scored.images_of_person.empty() || group_of_person.size() != scored.people.size()) {
    return absl::FailedPreconditionError(
        absl::StrCat("group rates need all pairs and a group for each of the ",
                     scored.people.size(), " people, and there are ", group_of_person.size()));
  }
  if (!scored.lower_impostors.empty() && scored.lower_impostors.front().score > threshold) {
    return absl::FailedPreconditionError(
        absl::StrCat("the threshold ", threshold,
                     " lies below the impostor scores that were kept with their "
                     "people; keep more of them"));
  }
  const auto group_of = [&](int32_t person) {
    return group_of_person[static_cast<size_t>(person)];
  };
  RatesByGroup rates;
  // All pairs of images of different people of a group: ((sum m)^2 - sum m^2) / 2.
  struct Images {
    int64_t sum = 0, squares = 0;
  };
  std::map<int32_t, Images> images_of_group;
  for (size_t person = 0; person < group_of_person.size(); ++person) {
    const int64_t images = scored.images_of_person[person];
    Images& entry = images_of_group[group_of_person[person]];
    entry.sum += images;
    entry.squares += images * images;
  }
  for (const auto& [group, images] : images_of_group) {
    if (group == kNoGroup) continue;
    of_group(rates, group).impostor_trials = (images.sum * images.sum - images.squares) / 2;
  }
  for (const GenuineScore& genuine : scored.genuine) {
    if (group_of(genuine.person) == kNoGroup) continue;
    GroupRates& entry = of_group(rates, group_of(genuine.person));
    ++entry.genuine_trials;
    entry.false_non_matches += genuine.score > threshold ? 0 : 1;
  }
  for (const ImpostorScore& impostor : scored.impostors) {
    if (!(impostor.score > threshold)) break;
    const int32_t group = group_of(impostor.person_a);
    if (group == kNoGroup || group != group_of(impostor.person_b)) continue;
    ++of_group(rates, group).false_matches;
  }
  return differential(rates);
}

}  // namespace durward
