#include "biometrics/paired_errors.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "biometrics/binomial_bound.h"

namespace durward {
namespace {

constexpr double kQuarterOfFivePercent = 0.9875;

double mcnemar_p(int64_t a, int64_t b) {
  const auto n = static_cast<double>(a + b);
  double tail = 0;
  for (int64_t k = 0; k <= std::min(a, b); ++k) {
    const auto i = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(i + 1) - std::lgamma(n - i + 1) -
                     n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

bool is_error(const Presentation& presentation, float threshold) {
  return (presentation.score > threshold) == presentation.species.has_value();
}

struct Changes {
  int64_t presentations = 0, new_errors = 0, mended_errors = 0;
};

}  // namespace

PairedErrors paired_errors(int64_t presentations, int64_t new_errors, int64_t mended_errors) {
  const auto lower = [&](int64_t count) {
    return binomial_lower_bound(count, presentations, kQuarterOfFivePercent);
  };
  const auto upper = [&](int64_t count) {
    return binomial_upper_bound(count, presentations, kQuarterOfFivePercent);
  };
  return {.presentations = presentations,
          .new_errors = new_errors,
          .mended_errors = mended_errors,
          .increase =
              static_cast<double>(new_errors - mended_errors) / static_cast<double>(presentations),
          .interval = {lower(new_errors) - upper(mended_errors),
                       upper(new_errors) - lower(mended_errors)},
          .p_value = mcnemar_p(new_errors, mended_errors)};
}

absl::StatusOr<PairedPresentationErrors> paired_presentation_errors(
    std::span<const Presentation> before, float threshold_before,
    std::span<const Presentation> after, float threshold_after) {
  if (before.size() != after.size()) {
    return absl::InvalidArgumentError(absl::StrCat("one detector saw ", before.size(),
                                                   " presentations, the other ", after.size()));
  }
  std::map<std::optional<int32_t>, Changes> changes;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i].species != after[i].species) {
      return absl::InvalidArgumentError(
          absl::StrCat("presentation ", i, " is of another kind in the second list"));
    }
    const bool was = is_error(before[i], threshold_before);
    const bool is = is_error(after[i], threshold_after);
    Changes& kind = changes[before[i].species];
    ++kind.presentations;
    kind.new_errors += !was && is;
    kind.mended_errors += was && !is;
  }
  PairedPresentationErrors paired;
  for (const auto& [species, kind] : changes) {
    const PairedErrors errors =
        paired_errors(kind.presentations, kind.new_errors, kind.mended_errors);
    if (species) {
      paired.species.push_back({*species, errors});
    } else {
      paired.live = errors;
    }
  }
  return paired;
}

}  // namespace durward
