// Every image of a labelled set against every other: N images give N (N - 1) / 2 trials, streamed.
#pragma once

#include <cstdint>
#include <span>

#include "base/parallel.h"
#include "base/progress.h"
#include "biometrics/embeddings.h"
#include "biometrics/scored_trials.h"

namespace durward {

struct AllPairsOptions {
  int threads = default_threads();
  // How many of the highest impostor scores are kept exactly (12 bytes each). More trials than that
  // take a second pass over the pairs and a histogram of 4 MB for each thread. Intervals exist for
  // figures whose threshold the kept scores reach: four millions are the highest 21 % of the
  // impostor pairs of 6,100 images.
  int64_t keep_impostors = 4'000'000;
  Progress progress = {};
};

// Scores the pairs i < j as enrolled row i against probe row j. For one system `enrolled` and
// `probes` are the same matrix; for cross-precision one holds system A's embeddings of the images
// and the other system B's, and exchanging them gives the other direction. The result does not
// depend on the number of threads. InvalidArgument where rows, dims or people do not fit;
// Cancelled where progress asks for it.
[[nodiscard]] absl::StatusOr<ScoredTrials> score_all_pairs(const Embeddings& enrolled,
                                                           const Embeddings& probes,
                                                           std::span<const int32_t> person_of_row,
                                                           const AllPairsOptions& options = {});

}  // namespace durward
