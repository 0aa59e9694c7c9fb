// The files of a calibration folder as samples.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/samples.h"

namespace durward {

struct CalibrationSet {
  SampleSet samples;
  std::vector<std::filesystem::path> files;  // that were chosen, in the order of their names
  int64_t other_files = 0;                   // in the folder, that are of another kind
  // SHA-256 of the files' names and sizes: tells whether two runs calibrated on the same ones.
  std::string digest;
  // A number for the person of each sample: its first folder below the one that was named, or what
  // the table of touch dynamics says. Empty where files lie in that folder itself.
  std::vector<int32_t> person_of_sample = {};
};

// At most `count` >= 1 files of the folder, evenly spaced over their names. Errors: those of
// list_sample_files and collect_samples, naming the folder.
[[nodiscard]] absl::StatusOr<CalibrationSet> load_calibration_set(
    const std::filesystem::path& folder, int64_t count, const SampleOptions& options);

// Files of the same folder that are not among those of `used`, likewise. Errors also:
// FailedPrecondition where there is no other.
[[nodiscard]] absl::StatusOr<CalibrationSet> load_held_out_set(const std::filesystem::path& folder,
                                                               const CalibrationSet& used,
                                                               int64_t count,
                                                               const SampleOptions& options);

}  // namespace durward
