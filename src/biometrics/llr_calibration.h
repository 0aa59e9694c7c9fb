// From scores to natural log-likelihood ratios by logistic regression (Bruemmer, "Measuring,
// refining and calibrating speaker and language information extracted from speech", 2010): a
// comparison's LLR says how many times likelier its score is of one person than of two, whatever
// the prior, so that LLRs of independent factors add.
#pragma once

#include <span>
#include <vector>

#include "base/status.h"

namespace durward {

// LLR = offset + sum of weights[i] * features[i]. The first feature is the score; the others are
// what its meaning depends on: quality, duration, noise. All finite.
struct LlrCalibration {
  std::vector<double> weights;
  double offset = 0;

  [[nodiscard]] double llr(std::span<const double> features) const;
};

struct LlrFitOptions {
  // Where the regression is to be right: the share of genuine comparisons that the two sets are
  // weighted to, in (0, 1).
  double prior = 0.5;
  // Pulls the weights of standardised features towards 0, as that many comparisons of the smaller
  // set that say nothing would: without it sets that a line separates would have infinite LLRs.
  double ridge = .1;
};

// genuine and impostor hold the features of a comparison one after the other, `features` of each.
// InvalidArgument where one of them is empty or no multiple of `features`, or a value is not
// finite; FailedPrecondition where the weights do not settle.
[[nodiscard]] absl::StatusOr<LlrCalibration> fit_llr(std::span<const double> genuine,
                                                     std::span<const double> impostor, int features,
                                                     const LlrFitOptions& options = {});

}  // namespace durward
