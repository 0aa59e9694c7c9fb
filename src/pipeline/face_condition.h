// Trials of faces judged under a condition.
#pragma once

#include "pipeline/trial_set.h"
#include "vision/face_condition.h"

namespace durward {

// The same trials with every crop under the condition, or with the probes alone so: then each
// picture is two rows, one enrolled and one that probes, and counts as two files. Crops are
// conditioned when they are read; those that people are shown stay as they are. InvalidArgument
// where all pairs are more than 2^24, too many to list with a condition on one side.
[[nodiscard]] absl::StatusOr<TrialSet> with_face_condition(TrialSet set, const InputSpec& spec,
                                                           const FaceCondition& condition,
                                                           bool probes_only);

}  // namespace durward
