#include <absl/strings/match.h>

#include <array>
#include <string>
#include <vector>

#include "data/csv_record.h"
#include "data/text_lines.h"
#include "data/trial_row.h"

namespace durward {
namespace {

enum Column { kEnrol, kProbe, kLabel, kPersonEnrol, kPersonProbe, kGroup, kColumns };
constexpr std::array<std::string_view, kColumns> kColumnNames = {
    "enrol", "probe", "label", "person_enrol", "person_probe", "group"};
constexpr size_t kAbsent = static_cast<size_t>(-1);

using Columns = std::array<size_t, kColumns>;  // where each column stands in a record, or kAbsent

absl::StatusOr<Columns> read_header(const TextLines& lines,
                                    const std::vector<std::string>& fields) {
  Columns columns;
  columns.fill(kAbsent);
  for (size_t i = 0; i < fields.size(); ++i) {
    for (size_t c = 0; c < kColumns; ++c) {
      if (fields[i] != kColumnNames[c]) continue;
      if (columns[c] != kAbsent) {
        return lines.error(absl::StrCat("the column \"", fields[i], "\" is named twice"));
      }
      columns[c] = i;
    }
  }
  const bool persons = columns[kPersonEnrol] != kAbsent && columns[kPersonProbe] != kAbsent;
  const bool one_person = (columns[kPersonEnrol] != kAbsent) != (columns[kPersonProbe] != kAbsent);
  if (columns[kEnrol] == kAbsent || columns[kProbe] == kAbsent || one_person ||
      (columns[kLabel] == kAbsent && !persons)) {
    return lines.error(
        "the first line must name the columns enrol, probe, and label or both person_enrol and "
        "person_probe (and group, if there is one), separated by commas");
  }
  return columns;
}

// nullopt where the text is no label.
std::optional<bool> parse_label(std::string_view text) {
  for (const std::string_view same : {"1", "true", "genuine"}) {
    if (absl::EqualsIgnoreCase(std::string(text), std::string(same))) return true;
  }
  for (const std::string_view different : {"0", "false", "impostor"}) {
    if (absl::EqualsIgnoreCase(std::string(text), std::string(different))) return false;
  }
  return std::nullopt;
}

absl::StatusOr<TrialRow> read_row(const TextLines& lines, const Columns& columns,
                                  const std::vector<std::string>& fields) {
  const auto field = [&](Column column) -> std::string_view {
    return columns[column] == kAbsent ? std::string_view() : fields[columns[column]];
  };
  TrialRow row{.enrol = field(kEnrol),
               .probe = field(kProbe),
               .same_person = std::nullopt,
               .person_enrol = field(kPersonEnrol),
               .person_probe = field(kPersonProbe),
               .group = field(kGroup),
               .line = lines.number()};
  for (const Column required : {kEnrol, kProbe, kPersonEnrol, kPersonProbe}) {
    if (columns[required] != kAbsent && field(required).empty()) {
      return lines.error(
          absl::StrCat("the field \"", std::string(kColumnNames[required]), "\" is empty"));
    }
  }
  if (columns[kLabel] != kAbsent) {
    row.same_person = parse_label(field(kLabel));
    if (!row.same_person) {
      return lines.error(absl::StrCat("the label is \"", std::string(field(kLabel)),
                                      "\"; expected 1, true, genuine, 0, false or impostor"));
    }
  }
  return row;
}

}  // namespace

absl::Status parse_trial_csv(std::string_view text, const TrialRowSink& sink) {
  Columns columns;
  return read_csv_table(
      text,
      [&](const TextLines& lines, const std::vector<std::string>& fields) -> absl::Status {
        DURWARD_ASSIGN_OR_RETURN(columns, read_header(lines, fields));
        return absl::OkStatus();
      },
      [&](const TextLines& lines, const std::vector<std::string>& fields) -> absl::Status {
        DURWARD_ASSIGN_OR_RETURN(const TrialRow row, read_row(lines, columns, fields));
        return sink(row);
      });
}

}  // namespace durward
