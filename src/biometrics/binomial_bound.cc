#include "biometrics/binomial_bound.h"

#include <cmath>

namespace durward {
namespace {

// The probability of at most `errors` in `trials`, each with probability `rate`, for a rate above
// errors / trials: from there down the terms only fall, so the sum ends where they no longer count.
double lower_tail(int64_t errors, int64_t trials, double rate) {
  const double n = static_cast<double>(trials), k = static_cast<double>(errors);
  double term = std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                         k * std::log(rate) + (n - k) * std::log1p(-rate));
  double sum = term;
  const double odds = (1 - rate) / rate;
  for (double i = k; i > 0 && term > sum * 1e-17; --i) {
    term *= i / (n - i + 1) * odds;
    sum += term;
  }
  return sum;
}

}  // namespace

double binomial_upper_bound(int64_t errors, int64_t trials, double confidence) {
  if (errors >= trials) return 1;
  double low = static_cast<double>(errors) / static_cast<double>(trials), high = 1;
  // The tail falls as the rate grows. Halving ends at neighbouring numbers.
  for (double middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    (lower_tail(errors, trials, middle) > 1 - confidence ? low : high) = middle;
  }
  return high;
}

double binomial_lower_bound(int64_t errors, int64_t trials, double confidence) {
  return 1 - binomial_upper_bound(trials - errors, trials, confidence);
}

}  // namespace durward
