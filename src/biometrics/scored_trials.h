// The scores of one system on one set of trials, in the form all figures are computed from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "biometrics/trial.h"

namespace durward {

struct GenuineScore {
  float score;
  int32_t person;  // 0..people-1
};

struct ImpostorScore {
  float score;
  int32_t person_a, person_b;  // 0..people-1, different
};

// Impostor trials that are only counted. Each scored at most `score`, less by under 2^-17.
struct ScoreCount {
  float score;
  int64_t count;
};

// All genuine scores and the highest impostor scores exactly, so that rates down to one trial in
// all of them are exact; of the impostors below those (none, unless there were more than the limit
// of the source), only a fine histogram. Everything is sorted by descending score.
struct ScoredTrials {
  std::vector<GenuineScore> genuine;
  std::vector<ImpostorScore> impostors;
  std::vector<ScoreCount> lower_impostors;  // all below the last of `impostors`
  int64_t impostor_count = 0;               // of both

  // The people who occur in the trials, by the number the source gave them, ascending. The person
  // of a score is an index into this.
  std::vector<int32_t> people;
  // Where the trials are all pairs of a set of images: how many images each person has. Else empty.
  std::vector<int32_t> images_of_person;
};

// The form above of a list's trials and their scores. InvalidArgument, naming the trial, where a
// score is not finite, a person is negative, or `genuine` contradicts the two people; and where the
// counts differ.
[[nodiscard]] absl::StatusOr<ScoredTrials> collect_scores(std::span<const Trial> trials,
                                                          std::span<const float> scores);

// InvalidArgument unless there is a genuine and an impostor trial.
[[nodiscard]] absl::Status check_both_kinds(const ScoredTrials& scored);

// The distinct numbers in `person`, ascending.
[[nodiscard]] std::vector<int32_t> distinct_people(std::vector<int32_t> person);

// The index of `person` in the ascending `people`, which contains it.
[[nodiscard]] int32_t person_index(const std::vector<int32_t>& people, int32_t person);

// Sorts by descending score; equal scores by person, so that any order of arrival gives one result.
void sort_scores(ScoredTrials& scored);

// How many trials are accepted at a threshold.
struct Accepted {
  int64_t genuine = 0;
  int64_t impostors = 0;
};
[[nodiscard]] Accepted accepted_above(const ScoredTrials& scored, float threshold);

}  // namespace durward
