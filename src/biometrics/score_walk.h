// Walks the thresholds of a system from the strictest to the loosest. Equal scores, genuine and
// impostor, are passed together, since no threshold lies between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "biometrics/scored_trials.h"

namespace durward {

// Each trial counts once.
struct CountOnce {
  uint64_t operator()(const GenuineScore&) const { return 1; }
  uint64_t operator()(const ImpostorScore&) const { return 1; }
};

// A trial counts by how often its people were drawn (see bootstrap.h): n_a for a genuine trial of
// person a, n_a n_b for an impostor trial of a and b.
struct CountByPerson {
  const uint32_t* drawn;  // by person
  uint64_t operator()(const GenuineScore& g) const { return drawn[g.person]; }
  uint64_t operator()(const ImpostorScore& i) const {
    return static_cast<uint64_t>(drawn[i.person_a]) * drawn[i.person_b];
  }
};

// Calls visit(score, genuine, impostors) with the weight of the trials at each distinct score,
// descending, until it returns false. The histogram of lower impostors is walked too where
// `with_lower` is set: it is only right for CountOnce.
template <typename Weight, typename Visit>
void walk_scores(const ScoredTrials& scored, const Weight& weight, bool with_lower,
                 const Visit& visit) {
  size_t g = 0, i = 0, l = 0;
  const auto& genuine = scored.genuine;
  const auto& impostors = scored.impostors;
  const std::span<const ScoreCount> lower =
      with_lower ? std::span<const ScoreCount>(scored.lower_impostors)
                 : std::span<const ScoreCount>();
  for (;;) {
    // Impostors in the histogram are below all others.
    const bool any_impostor = i < impostors.size() || l < lower.size();
    if (g == genuine.size() && !any_impostor) return;
    const float impostor_score = i < impostors.size() ? impostors[i].score
                                 : any_impostor       ? lower[l].score
                                                      : 0;
    const float score = !any_impostor                                             ? genuine[g].score
                        : g < genuine.size() && genuine[g].score > impostor_score ? genuine[g].score
                                                                                  : impostor_score;
    uint64_t genuine_here = 0, impostors_here = 0;
    for (; g < genuine.size() && genuine[g].score == score; ++g) genuine_here += weight(genuine[g]);
    for (; i < impostors.size() && impostors[i].score == score; ++i) {
      impostors_here += weight(impostors[i]);
    }
    for (; i == impostors.size() && l < lower.size() && lower[l].score == score; ++l) {
      impostors_here += static_cast<uint64_t>(lower[l].count);
    }
    if (!visit(score, genuine_here, impostors_here)) return;
  }
}

}  // namespace durward
