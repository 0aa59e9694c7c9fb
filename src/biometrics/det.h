// The detection error trade-off curve (Martin et al., Eurospeech 1997): FRR against FAR, both on
// probit axes, on which normally distributed scores give straight lines.
#pragma once

#include <vector>

#include "biometrics/scored_trials.h"

namespace durward {

// The inverse of the standard normal distribution function; -inf at 0, +inf at 1.
[[nodiscard]] double probit(double probability);

struct DetPoint {
  double far = 0;
  double frr = 0;
  double threshold = 0;
};

// The curve from the strictest threshold with a false accept to the loosest with a false reject,
// FAR ascending, thinned: along it neighbouring points that were left out are less than
// `resolution` probits away from one that was kept. About 200 points. Needs both kinds of trials;
// empty otherwise, and where the two kinds do not overlap.
[[nodiscard]] std::vector<DetPoint> det_curve(const ScoredTrials& scored, double resolution = 0.03);

}  // namespace durward
