// Comparisons that one system accepts and the other rejects: what a user looks at to see what a
// change of model means.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "biometrics/all_pairs.h"
#include "biometrics/embeddings.h"
#include "biometrics/trial.h"

namespace durward {

struct ChangedDecision {
  int32_t enrol = 0, probe = 0;  // rows of the embeddings
  bool genuine = false;
  bool accepted_before = false;  // and rejected after; else the other way round
  float score_before = 0, score_after = 0;
};

// How many decisions changed, and of each kind the `samples_of_each` whose scores moved most
// relative to their thresholds, largest move first.
struct ChangedDecisions {
  int64_t new_false_rejects = 0, mended_false_rejects = 0;
  int64_t new_false_accepts = 0, mended_false_accepts = 0;
  std::vector<ChangedDecision> samples =
      {};  // new false rejects, mended ones, false accepts the same
};

// One system at its own threshold: embeddings of all rows that trials name.
struct Decider {
  const Embeddings& embeddings;
  float threshold;
};

// Over a list of trials. Errors as score_trials().
[[nodiscard]] absl::StatusOr<ChangedDecisions> changed_decisions(std::span<const Trial> trials,
                                                                 const Decider& before,
                                                                 const Decider& after,
                                                                 int samples_of_each);

// Over all pairs. Errors as score_all_pairs(); options.keep_impostors is not used.
[[nodiscard]] absl::StatusOr<ChangedDecisions> changed_decisions(
    std::span<const int32_t> person_of_row, const Decider& before, const Decider& after,
    int samples_of_each, const AllPairsOptions& options = {});

}  // namespace durward
