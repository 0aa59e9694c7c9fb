// Scores of trials as a file, so that what different models say of people can be fused later. It
// holds who was compared with whom and the score, and nothing that a face or a voice could be made
// of.
#pragma once

#include <filesystem>

#include "base/status.h"
#include "biometrics/embeddings.h"
#include "pipeline/trial_set.h"

namespace durward {

// The names of the people of a list that load_trial_set reads, by the numbers that it gives them;
// empty where the numbers are all that there is. Errors: read_trials'.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> trial_people(
    const std::filesystem::path& list, const std::filesystem::path& image_root,
    const Preprocessing& preprocessing);

// Writes a line for each trial, in the trials' order (all pairs: i < j, by rows), as
// data/score_csv.h reads it; the file is whole or not there. Scores have the nine digits that give
// a float back. InvalidArgument where a person's name is no text of one line; the file's errors.
[[nodiscard]] absl::Status write_score_list(const std::filesystem::path& path, const TrialSet& set,
                                            std::span<const std::string> people,
                                            const Embeddings& embeddings);

}  // namespace durward
