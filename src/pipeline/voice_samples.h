// Recordings to the partials that a speaker model takes: the same front end for calibration,
// evaluation and comparison as a device has at run time.
#pragma once

#include <filesystem>
#include <span>

#include "data/voice_spec.h"
#include "pipeline/samples.h"

namespace durward {

// In the order of `files`, whatever the number of threads, a recording's partials one after
// another; under options.condition. A recording that cannot be read, or in which nobody speaks, is
// skipped. Errors: the detector's and the temporary file's; InvalidArgument where every recording
// was skipped, with the first reason; Cancelled.
[[nodiscard]] absl::StatusOr<SampleSet> collect_voice_samples(
    std::span<const std::filesystem::path> files, const VoiceSpec& spec,
    const SampleOptions& options);

}  // namespace durward
