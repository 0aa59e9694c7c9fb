// Repetitions of touch dynamics as samples: for calibration those of the people whom a model learnt
// from, for trials those of all others.
#pragma once

#include <filesystem>

#include "data/feature_spec.h"
#include "data/touch.h"
#include "pipeline/calibration_set.h"
#include "pipeline/trial_set.h"

namespace durward {

// Of a person in a posture the first so many repetitions are his template, the rest probes.
inline constexpr int32_t kEnrolledRepetitions = 10;

// Every repetition of a folder, in the files' order. Errors: those of read_touch_folder;
// InvalidArgument where its features are not the specification's.
[[nodiscard]] absl::StatusOr<SampleSet> touch_samples(const std::filesystem::path& folder,
                                                      const FeatureSpec& spec);

// At most `count` repetitions, evenly spaced, of the learners (all people without).
[[nodiscard]] absl::StatusOr<CalibrationSet> touch_calibration_set(
    const std::filesystem::path& folder, int64_t count, const FeatureSpec& spec,
    const std::optional<PersonRange>& learners);

// Each template against each probe in the same posture. Its
// conditions are every posture enrolled against every posture probed. InvalidArgument for fewer
// than two people, or where one has no repetition left to probe with. `folder` names the set.
[[nodiscard]] absl::StatusOr<TrialSet> touch_trials(const std::filesystem::path& folder,
                                                    const TouchSet& set, const FeatureSpec& spec);

// The same of everybody in a folder but the learners.
[[nodiscard]] absl::StatusOr<TrialSet> touch_trial_set(const std::filesystem::path& folder,
                                                       const FeatureSpec& spec,
                                                       const std::optional<PersonRange>& learners);

}  // namespace durward
