// Trial lists: which pictures are compared with which, and who is on them; or which recordings, and
// who speaks. From LFW's pairs.txt (pictures only), a CSV file, or a folder with a subfolder for
// each person (all pairs).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"

namespace durward {

struct TrialImage {
  std::filesystem::path path;
  int32_t person = 0;  // index into TrialList::persons
};

struct ListedTrial {
  int32_t enrol = 0;  // indices into TrialList::images
  int32_t probe = 0;
  bool same_person = false;
  int32_t group = -1;  // index into TrialList::groups, or -1
};

struct TrialList {
  std::vector<TrialImage> images;    // each picture once
  std::vector<std::string> persons;  // the clusters that confidence intervals are drawn over
  std::vector<std::string> groups;   // e.g. demographic; empty where the list names none
  std::vector<ListedTrial> trials;   // in the list's order; empty where all_pairs
  bool all_pairs = false;            // each image i < j is a trial, genuine for equal persons
  int64_t duplicates = 0;            // rows left out because an earlier one says the same
  std::vector<std::filesystem::path> skipped;  // files in a folder of people that are no pictures

  [[nodiscard]] int64_t trial_count() const;
};

struct TrialOptions {
  // What a folder of people holds, and what a list names: pictures, or recordings.
  bool recordings = false;
  // Where the list's relative paths begin. Empty: the list's own folder, or for an LFW list the
  // first of that and its subfolders, by name, that holds a folder named as the first person.
  std::filesystem::path image_root;
};

// Reads `path`: a folder, a file ending in .csv, or else LFW pairs (trial_row.h has the formats).
// A CSV list without persons gets them from its labels: pictures joined by genuine trials are one
// person. Every picture is there when the list is returned, but not yet opened. Errors: NotFound
// (the list, or pictures of it: their number and the first ten), InvalidArgument (naming file and
// line: format, a picture compared with itself or belonging to two people, a label that contradicts
// the persons, no trial at all).
[[nodiscard]] absl::StatusOr<TrialList> read_trials(const std::filesystem::path& path,
                                                    const TrialOptions& options = {});

}  // namespace durward
