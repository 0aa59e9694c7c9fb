// Behaviour: who somebody is by how he does things, from measured features. This folder learns the
// normalisation of features and an embedding from people; it knows no files and no figures.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/feature_spec.h"

namespace durward {

// `values`: [rows, names.size()], NaN where a value is missing. Knots are quantiles as numpy's
// (linear between order statistics, Hyndman and Fan 1996, type 7), with missing values at the
// median. InvalidArgument for no row, a feature that is missing everywhere, or where no feature
// varies.
[[nodiscard]] absl::StatusOr<FeatureSpec> fit_feature_spec(std::span<const float> values,
                                                           const std::vector<std::string>& names,
                                                           size_t knots);

}  // namespace durward
