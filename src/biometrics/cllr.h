// The cost of log-likelihood ratios (Bruemmer and du Preez, "Application-independent evaluation of
// speaker detection", Computer Speech and Language 2006), in bits: 0 for perfect scores, 1 for
// scores that say nothing.
#pragma once

#include <span>

#include "biometrics/scored_trials.h"

namespace durward {

// Cllr of scores that are natural log-likelihood ratios: discrimination and calibration together.
// NaN where either side is empty.
[[nodiscard]] double cllr(std::span<const double> genuine_llrs,
                          std::span<const double> impostor_llrs);

// The least Cllr that any increasing map of the scores reaches, found by pool adjacent violators:
// discrimination alone. NaN where there are no genuine or no impostor trials. Impostors of the
// histogram count at the upper edge of their bin.
[[nodiscard]] double min_cllr(const ScoredTrials& scored);

}  // namespace durward
