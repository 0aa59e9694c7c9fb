// Equal error rates of a trial set's conditions, each by itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "biometrics/embeddings.h"
#include "biometrics/user_rates.h"
#include "pipeline/trial_set.h"

namespace durward {

struct ConditionRates {
  std::string name;
  bool mean = false;  // of the conditions whose group is `name`
  UserRates rates;
};

// The conditions in the set's order, then the mean of each group. Intervals where there are
// options. Errors: those of scoring and of user_rates, naming the condition.
[[nodiscard]] absl::StatusOr<std::vector<ConditionRates>> condition_rates(
    const TrialSet& set, const Embeddings& embeddings,
    const std::optional<BootstrapOptions>& options);

}  // namespace durward
