// Lists of scores: who was compared with whom by some model, of faces, voices or anything else, and
// how alike they were.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

struct ListedScore {
  int32_t enrolled = 0, probed = 0;  // indices into ScoreTable::people
  float score = 0;                   // finite; higher speaks for one person
};

struct ScoreTable {
  std::vector<std::string> people;  // in the order in which they first appear
  std::vector<ListedScore> scores;  // in the list's order; at least one genuine and one impostor
};

inline constexpr int64_t kMaxListedScores = int64_t{1} << 24;
inline constexpr std::string_view kScoreCsvHeader = "person_enrol,person_probe,score";

// Comma-separated values (RFC 4180, a field on one line) whose first line names the columns
// "person_enrol", "person_probe" and "score"; others are ignored. InvalidArgument, naming the line:
// a column is missing or named twice, a row has another number of fields, a person has no name, a
// score is no finite number that a float holds, there are more than kMaxListedScores rows; and for
// a list without scores, of one person, or without scores of one kind.
[[nodiscard]] absl::StatusOr<ScoreTable> parse_score_csv(std::string_view text);

// Errors: the file's and the parser's, naming the file.
[[nodiscard]] absl::StatusOr<ScoreTable> read_score_csv(const std::filesystem::path& path);

// A person's name as a field of such a list. InvalidArgument where it is empty, no UTF-8 text, or
// holds a line's end.
[[nodiscard]] absl::StatusOr<std::string> score_csv_name(std::string_view name);

}  // namespace durward
