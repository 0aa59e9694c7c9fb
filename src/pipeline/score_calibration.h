// A model's scores on trials as log-likelihood ratios: fitted on half of the people, judged on the
// other half.
#pragma once

#include "bundle/certified_calibration.h"
#include "pipeline/trial_set.h"

namespace durward {

struct CalibrateOptions {
  uint64_t seed = 1;  // of the halves, and of the pairs that are drawn
  // So many impostor comparisons of a half are used, drawn where there are more: more of the same
  // people change two numbers no further.
  int64_t most_impostors = 200'000;
};

// FailedPrecondition with the reason where there is too little to fit or to judge; those of
// fit_score_calibration and of reading the trials' samples.
[[nodiscard]] absl::StatusOr<CertifiedCalibration> calibrate_scores(
    const TrialSet& set, const Embeddings& embeddings, const CalibrateOptions& options);

}  // namespace durward
