#include "biometrics/presentation_attacks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "biometrics/binomial_bound.h"

namespace durward {
namespace {

constexpr double kOneSided = 0.975;  // of each end of a 95 % interval

ErrorRate error_rate(int64_t errors, int64_t presentations) {
  return {.errors = errors,
          .presentations = presentations,
          .rate = static_cast<double>(errors) / static_cast<double>(presentations),
          .interval = {binomial_lower_bound(errors, presentations, kOneSided),
                       binomial_upper_bound(errors, presentations, kOneSided)}};
}

struct Count {
  int64_t errors = 0, presentations = 0;
};

}  // namespace

const SpeciesRate* PresentationAttackRates::worst() const {
  const auto most = std::max_element(
      species.begin(), species.end(),
      [](const SpeciesRate& a, const SpeciesRate& b) { return a.apcer.rate < b.apcer.rate; });
  return most == species.end() ? nullptr : &*most;
}

absl::StatusOr<PresentationAttackRates> presentation_attack_rates(
    std::span<const Presentation> presentations, float threshold) {
  if (presentations.empty()) return absl::InvalidArgumentError("there are no presentations");
  Count bona_fide;
  std::map<int32_t, Count> attacks;
  for (size_t i = 0; i < presentations.size(); ++i) {
    const Presentation& presentation = presentations[i];
    if (!std::isfinite(presentation.score)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the score of presentation ", i, " is not finite"));
    }
    const bool live = presentation.score > threshold;
    Count& count = presentation.species ? attacks[*presentation.species] : bona_fide;
    ++count.presentations;
    count.errors += live == presentation.species.has_value() ? 1 : 0;
  }
  PresentationAttackRates rates;
  if (bona_fide.presentations > 0) {
    rates.bpcer = error_rate(bona_fide.errors, bona_fide.presentations);
  }
  for (const auto& [species, count] : attacks) {
    rates.species.push_back({species, error_rate(count.errors, count.presentations)});
  }
  return rates;
}

std::optional<float> threshold_for_bpcer(std::span<const Presentation> presentations,
                                         double target) {
  std::vector<float> live;
  for (const Presentation& presentation : presentations) {
    if (!presentation.species) live.push_back(presentation.score);
  }
  const auto count = static_cast<double>(live.size());
  if (count * target < 3) return std::nullopt;
  std::sort(live.begin(), live.end());
  // The first that is still accepted: those below it are the errors that the target allows.
  const float lowest = live[static_cast<size_t>(std::floor(count * target))];
  return std::nextafter(lowest, -std::numeric_limits<float>::infinity());
}

}  // namespace durward
