// A trial list made ready to be scored: its files as samples, its trials as rows of an embedding
// matrix.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "biometrics/embeddings.h"
#include "biometrics/scored_trials.h"
#include "biometrics/trial.h"
#include "pipeline/samples.h"

namespace durward {

// Further trials of the same rows, which are judged by themselves.
struct TrialCondition {
  std::string name;   // "Sitting to Walking"
  std::string group;  // of conditions whose mean is of interest: "another posture"
  std::vector<Trial> trials;
};

struct TrialSet {
  std::filesystem::path source;
  SampleSet samples;
  // Of each row, a recording, the samples whose embeddings' mean it is.
  std::vector<std::vector<int64_t>> samples_of_row = {};
  std::vector<std::filesystem::path> path_of_row = {};
  // Where a row is part of a file, and its path only a name: SHA-256 of what it is made of.
  std::vector<std::string> content_of_row = {};
  std::vector<int32_t> person_of_row = {};
  std::vector<std::string> groups = {};
  bool all_pairs = false;
  std::vector<Trial> trials = {};  // empty with all_pairs
  std::vector<TrialCondition> conditions = {};
  int64_t files = 0;        // named by the list
  int64_t lost_trials = 0;  // a file of them could not be used (failure to acquire)

  [[nodiscard]] int64_t rows() const { return static_cast<int64_t>(path_of_row.size()); }
};

// Reads the list and makes samples of its files. A trial whose file gives none, a picture without a
// face, is left out and counted. Errors: those of read_trials and collect_samples.
[[nodiscard]] absl::StatusOr<TrialSet> load_trial_set(const std::filesystem::path& list,
                                                      const std::filesystem::path& image_root,
                                                      const SampleOptions& options);

// SHA-256 of what is compared with what: the bytes of every file with its person, and the
// trials. Errors: those of reading the files.
[[nodiscard]] absl::StatusOr<std::string> trial_set_sha256(const TrialSet& set);

// The scores of every trial, one system enrolling and one (the same or another) probing.
[[nodiscard]] absl::StatusOr<ScoredTrials> score_trial_set(const TrialSet& set,
                                                           const Embeddings& enrolled,
                                                           const Embeddings& probes, int threads,
                                                           const Progress& progress);

}  // namespace durward
