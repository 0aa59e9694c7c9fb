#include "data/score_csv.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_replace.h>

#include <array>
#include <cmath>
#include <optional>

#include "base/file.h"
#include "data/csv_record.h"
#include "data/text_lines.h"

namespace durward {
namespace {

enum ScoreColumn { kEnrolledPerson, kProbedPerson, kScore, kScoreColumns };
constexpr std::array<std::string_view, kScoreColumns> kScoreColumnNames = {"person_enrol",
                                                                           "person_probe", "score"};

using ScoreColumns = std::array<size_t, kScoreColumns>;  // where each stands in a record

absl::StatusOr<ScoreColumns> read_score_header(const TextLines& lines,
                                               const std::vector<std::string>& fields) {
  constexpr size_t kNowhere = static_cast<size_t>(-1);
  ScoreColumns columns;
  columns.fill(kNowhere);
  for (size_t i = 0; i < fields.size(); ++i) {
    for (size_t c = 0; c < kScoreColumns; ++c) {
      if (fields[i] != kScoreColumnNames[c]) continue;
      if (columns[c] != kNowhere) {
        return lines.error(absl::StrCat("the column \"", fields[i], "\" is named twice"));
      }
      columns[c] = i;
    }
  }
  for (size_t c = 0; c < kScoreColumns; ++c) {
    if (columns[c] != kNowhere) continue;
    return lines.error(absl::StrCat(
        "the column \"", std::string(kScoreColumnNames[c]),
        "\" is missing; the first line must name person_enrol, person_probe and score, separated "
        "by commas, as durward evaluate --scores writes them"));
  }
  return columns;
}

// Gathers the rows, whose people it numbers.
class ScoreRows {
 public:
  absl::Status add(const TextLines& lines, const ScoreColumns& columns,
                   const std::vector<std::string>& fields) {
    if (std::ssize(table_.scores) == kMaxListedScores) {
      return lines.error(absl::StrCat("there are more than ", kMaxListedScores, " scores"));
    }
    for (const ScoreColumn name : {kEnrolledPerson, kProbedPerson}) {
      if (fields[columns[name]].empty()) {
        return lines.error(
            absl::StrCat("the field \"", std::string(kScoreColumnNames[name]), "\" is empty"));
      }
    }
    ListedScore listed;
    const std::string& text = fields[columns[kScore]];
    if (!absl::SimpleAtof(text, &listed.score) || !std::isfinite(listed.score)) {
      return lines.error(absl::StrCat("the score is \"", text, "\"; expected a finite number"));
    }
    listed.enrolled = number_of(fields[columns[kEnrolledPerson]]);
    listed.probed = number_of(fields[columns[kProbedPerson]]);
    (listed.enrolled == listed.probed ? genuine_ : impostors_) = true;
    table_.scores.push_back(listed);
    return absl::OkStatus();
  }

  absl::StatusOr<ScoreTable> finish() {
    if (table_.scores.empty()) return absl::InvalidArgumentError("it holds no score");
    if (table_.people.size() == 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "all its scores are of one person, \"", table_.people[0], "\"; two or more are needed"));
    }
    if (!genuine_ || !impostors_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "it holds no ",
          genuine_ ? "impostor score: every person is compared with himself only"
                   : "genuine score: nobody is compared with himself (person_enrol equal to "
                     "person_probe)"));
    }
    return std::move(table_);
  }

 private:
  int32_t number_of(const std::string& name) {
    const auto [it, added] = numbers_.try_emplace(name, static_cast<int32_t>(table_.people.size()));
    if (added) table_.people.push_back(name);
    return it->second;
  }

  ScoreTable table_;
  absl::flat_hash_map<std::string, int32_t> numbers_;
  bool genuine_ = false, impostors_ = false;
};

}  // namespace

absl::StatusOr<ScoreTable> parse_score_csv(std::string_view text) {
  ScoreColumns columns;
  ScoreRows rows;
  DURWARD_RETURN_IF_ERROR(read_csv_table(
      text,
      [&](const TextLines& lines, const std::vector<std::string>& fields) -> absl::Status {
        DURWARD_ASSIGN_OR_RETURN(columns, read_score_header(lines, fields));
        return absl::OkStatus();
      },
      [&](const TextLines& lines, const std::vector<std::string>& fields) {
        return rows.add(lines, columns, fields);
      }));
  return rows.finish();
}

absl::StatusOr<ScoreTable> read_score_csv(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path));
  absl::StatusOr<ScoreTable> table = parse_score_csv(text);
  if (!table.ok()) return with_context(table.status(), path.string());
  return table;
}

absl::StatusOr<std::string> score_csv_name(std::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("a person has no name");
  if (!is_utf8_text(name) || name.find_first_of("\r\n") != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "a person's name cannot stand in a list of scores: it is no UTF-8 text of one line");
  }
  // A line that begins with '#' would be a comment.
  if (name.find_first_of(",\"#") == std::string_view::npos && name.front() != ' ' &&
      name.back() != ' ') {
    return std::string(name);
  }
  return absl::StrCat("\"", absl::StrReplaceAll(std::string(name), {{"\"", "\"\""}}), "\"");
}

}  // namespace durward
