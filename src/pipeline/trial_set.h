// A trial list made ready to be scored: its pictures as crops, its trials as rows of an embedding
// matrix.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "biometrics/embeddings.h"
#include "biometrics/scored_trials.h"
#include "biometrics/trial.h"
#include "pipeline/crops.h"

namespace durward {

struct TrialSet {
  std::filesystem::path source;
  CropSet crops;
  std::vector<std::filesystem::path> path_of_row = {};
  std::vector<int32_t> person_of_row = {};
  std::vector<std::string> groups = {};
  bool all_pairs = false;
  std::vector<Trial> trials = {};  // empty with all_pairs
  int64_t pictures = 0;            // named by the list
  int64_t lost_trials = 0;         // a picture of them could not be used (failure to acquire)
};

// Reads the list and crops its pictures. A trial whose picture shows no face is left out and
// counted. Errors: those of read_trials and collect_crops.
[[nodiscard]] absl::StatusOr<TrialSet> load_trial_set(const std::filesystem::path& list,
                                                      const std::filesystem::path& image_root,
                                                      const CropOptions& options);

// SHA-256 of what is compared with what: the bytes of every picture with its person, and the
// trials. Errors: those of reading the pictures.
[[nodiscard]] absl::StatusOr<std::string> trial_set_sha256(const TrialSet& set);

// The scores of every trial, one system enrolling and one (the same or another) probing.
[[nodiscard]] absl::StatusOr<ScoredTrials> score_trial_set(const TrialSet& set,
                                                           const Embeddings& enrolled,
                                                           const Embeddings& probes, int threads,
                                                           const Progress& progress);

}  // namespace durward
