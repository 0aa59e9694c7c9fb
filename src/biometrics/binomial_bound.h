// Exact bounds on a rate from counts of independent trials.
#pragma once

#include <cstdint>

namespace durward {

// The one-sided bounds of Clopper and Pearson (Biometrika 1934): with probability `confidence` or
// more the true rate is at most (at least) this. 0 <= errors <= trials, trials >= 1, confidence in
// (0, 1). Without an error the lower one is 0, without anything else the upper one is 1.
[[nodiscard]] double binomial_upper_bound(int64_t errors, int64_t trials, double confidence);
[[nodiscard]] double binomial_lower_bound(int64_t errors, int64_t trials, double confidence);

}  // namespace durward
