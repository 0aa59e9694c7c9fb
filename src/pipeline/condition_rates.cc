#include "pipeline/condition_rates.h"

#include <algorithm>

namespace durward {
namespace {

UserRates mean_of_group(const TrialSet& set, const std::vector<ConditionRates>& rates,
                        const std::string& group) {
  std::vector<EqualErrors> one, own;
  for (size_t i = 0; i < set.conditions.size(); ++i) {
    if (set.conditions[i].group != group) continue;
    one.push_back(rates[i].rates.one_threshold);
    own.push_back(rates[i].rates.own_thresholds);
  }
  return {mean_of(one), mean_of(own)};
}

}  // namespace

absl::StatusOr<std::vector<ConditionRates>> condition_rates(
    const TrialSet& set, const Embeddings& embeddings,
    const std::optional<BootstrapOptions>& options) {
  std::vector<ConditionRates> rates;
  std::vector<std::string> groups;
  for (const TrialCondition& condition : set.conditions) {
    DURWARD_ASSIGN_OR_RETURN(const std::vector<float> scores,
                             score_trials(condition.trials, embeddings, embeddings));
    absl::StatusOr<UserRates> of_condition = user_rates(condition.trials, scores, options);
    if (!of_condition.ok()) return with_context(of_condition.status(), condition.name);
    rates.push_back({condition.name, false, *std::move(of_condition)});
    if (std::find(groups.begin(), groups.end(), condition.group) == groups.end()) {
      groups.push_back(condition.group);
    }
  }
  std::vector<ConditionRates> means;
  for (const std::string& group : groups) {
    means.push_back({group, true, mean_of_group(set, rates, group)});
  }
  rates.insert(rates.end(), means.begin(), means.end());
  return rates;
}

}  // namespace durward
