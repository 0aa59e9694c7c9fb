// Thresholds and error rates of weighted trials: one arithmetic for the figures themselves (each
// trial counts once) and for every bootstrap replicate.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "biometrics/score_walk.h"

namespace durward {

struct TrialWeight {
  uint64_t genuine = 0;
  uint64_t impostors = 0;
};

struct EqualErrorRate {
  double rate = std::numeric_limits<double>::quiet_NaN();
  float threshold = std::numeric_limits<float>::quiet_NaN();
};

// Where the curve of (FAR, FRR), its steps joined by straight lines, meets FAR = FRR, and the score
// at which it does. NaN where the scores kept end before, or a kind of trial has no weight.
template <typename Weight>
EqualErrorRate equal_error_rate(const ScoredTrials& scored, const Weight& weight,
                                const TrialWeight& total, bool with_lower) {
  EqualErrorRate found;
  if (total.genuine == 0 || total.impostors == 0) return found;
  const double all_genuine = static_cast<double>(total.genuine);
  const double all_impostors = static_cast<double>(total.impostors);
  uint64_t genuine = 0, impostors = 0;
  double far = 0, frr = 1;  // at the threshold `score`, which accepts what is above it
  walk_scores(scored, weight, with_lower, [&](float score, uint64_t g, uint64_t i) {
    genuine += g;
    impostors += i;
    const double next_far = static_cast<double>(impostors) / all_impostors;
    const double next_frr = static_cast<double>(total.genuine - genuine) / all_genuine;
    if (next_far >= next_frr) {
      const double before = frr - far, after = next_far - next_frr;
      found = {far + (next_far - far) * (before / (before + after)), score};
      return false;
    }
    far = next_far;
    frr = next_frr;
    return true;
  });
  return found;
}

// For each of `fars` (descending), the smallest threshold t at which the weight of the impostors
// scoring above t is at most far * total: the score of the first impostor, from the top, with which
// the running weight exceeds that. Equal scores need no rule of their own: none of them is above t.
// NaN where the scores kept end before.
template <typename Weight>
void far_thresholds(const ScoredTrials& scored, const Weight& weight, uint64_t total,
                    bool with_lower, std::span<const double> fars, std::span<float> thresholds) {
  // A product such as 0.001 * 3000 must not fall below 3 by rounding.
  constexpr double kRoundingSlack = 1 + 1e-12;
  const auto allowed = [&](size_t index) {
    return fars[index] * static_cast<double>(total) * kRoundingSlack;
  };
  for (float& threshold : thresholds) threshold = std::numeric_limits<float>::quiet_NaN();
  if (total == 0 || fars.empty()) return;
  size_t remaining = fars.size();
  uint64_t above = 0;
  const auto pass = [&](float score, uint64_t count) {
    above += count;
    while (remaining > 0 && static_cast<double>(above) > allowed(remaining - 1)) {
      thresholds[--remaining] = score;
    }
    return remaining > 0;
  };
  for (const ImpostorScore& impostor : scored.impostors) {
    if (!pass(impostor.score, weight(impostor))) return;
  }
  if (!with_lower) return;
  for (const ScoreCount& lower : scored.lower_impostors) {
    if (!pass(lower.score, static_cast<uint64_t>(lower.count))) return;
  }
}

// For each threshold (ascending), the share of the genuine weight that scores above it. NaN for a
// threshold that is NaN, or where there is no genuine weight.
template <typename Weight>
void true_accept_rates(const ScoredTrials& scored, const Weight& weight, uint64_t total,
                       std::span<const float> thresholds, std::span<double> tars) {
  uint64_t above = 0;
  size_t next = 0;
  for (size_t index = thresholds.size(); index-- > 0;) {
    if (std::isnan(thresholds[index]) || total == 0) {
      tars[index] = std::numeric_limits<double>::quiet_NaN();
      continue;
    }
    for (; next < scored.genuine.size() && scored.genuine[next].score > thresholds[index]; ++next) {
      above += weight(scored.genuine[next]);
    }
    tars[index] = static_cast<double>(above) / static_cast<double>(total);
  }
}

}  // namespace durward
