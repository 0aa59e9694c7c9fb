#include "behaviour/fit_features.h"

#include <algorithm>
#include <cmath>

namespace durward {
namespace {

// Of ascending values.
double quantile_of(const std::vector<float>& sorted, double p) {
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double low = static_cast<double>(sorted[below]), high = static_cast<double>(sorted[above]);
  return low + (place - static_cast<double>(below)) * (high - low);
}

}  // namespace

absl::StatusOr<FeatureSpec> fit_feature_spec(std::span<const float> values,
                                             const std::vector<std::string>& names, size_t knots) {
  if (names.empty() || values.empty() || values.size() % names.size() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(values.size(), " values are no rows of ", names.size(), " features"));
  }
  FeatureSpec spec{.names = names, .medians = {}, .knots = {}};
  bool varies = false;
  for (size_t feature = 0; feature < names.size(); ++feature) {
    std::vector<float> column;
    for (size_t i = feature; i < values.size(); i += names.size()) {
      if (!std::isnan(values[i])) column.push_back(values[i]);
    }
    if (column.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("feature '", names[feature], "' is missing (NaN) in every repetition"));
    }
    std::sort(column.begin(), column.end());
    const auto median = static_cast<float>(quantile_of(column, .5));
    column.resize(values.size() / names.size(), median);
    std::sort(column.begin(), column.end());
    varies = varies || column.front() != column.back();
    spec.medians.push_back(median);
    std::vector<float>& quantiles = spec.knots.emplace_back();
    for (size_t i = 0; i < knots; ++i) {
      const double p = (static_cast<double>(i) + .5) / static_cast<double>(knots);
      quantiles.push_back(static_cast<float>(quantile_of(column, p)));
    }
  }
  if (!varies) {
    return absl::InvalidArgumentError(
        "no feature varies: each has one value in every repetition, from which nobody can be told");
  }
  DURWARD_RETURN_IF_ERROR(check_feature_spec(spec));
  return spec;
}

}  // namespace durward
