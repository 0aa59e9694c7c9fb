#include "data/feature_csv.h"

#include <absl/strings/match.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/file.h"
#include "data/text_lines.h"

namespace durward {
namespace {

constexpr int64_t kMaxFeatureFileBytes = int64_t{1} << 28;
constexpr int64_t kMaxFeatureValues = int64_t{1} << 26;

std::string_view without_blanks(std::string_view field) {
  const size_t first = field.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return field.substr(first, field.find_last_not_of(" \t") - first + 1);
}

absl::StatusOr<double> parse_value(const TextLines& lines, std::string_view field, int64_t column) {
  field = without_blanks(field);
  if (absl::EqualsIgnoreCase(std::string(field), "nan")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  double value = 0;
  const char* const end = field.data() + field.size();
  const auto [stopped, error] = std::from_chars(field.data(), end, value);
  const std::string where =
      absl::StrCat("column ", column, " is \"", std::string(field.substr(0, 40)));
  if (error == std::errc::invalid_argument || stopped != end || std::isnan(value)) {
    return lines.error(absl::StrCat(where, "\"; expected a number, or NaN where it is missing"));
  }
  if (error != std::errc() || !std::isfinite(static_cast<float>(value))) {
    return lines.error(absl::StrCat(where, "\", which is infinite as a 32-bit float"));
  }
  return value;
}

absl::StatusOr<int32_t> person_of(const TextLines& lines, double value) {
  if (!(value >= 0 && value <= std::numeric_limits<int32_t>::max()) || std::floor(value) != value) {
    return lines.error(absl::StrCat("the last column is ", value,
                                    "; expected the person, a whole number from 0 on"));
  }
  return static_cast<int32_t>(value);
}

absl::Status check_size(const TextLines& lines, const FeatureTable& table) {
  if (table.rows() == kMaxFeatureRows ||
      static_cast<int64_t>(table.values.size()) > kMaxFeatureValues) {
    return lines.error(absl::StrCat("the table is too large; at most ", kMaxFeatureRows,
                                    " rows and ", kMaxFeatureValues, " values are read"));
  }
  return absl::OkStatus();
}

absl::Status add_row(const TextLines& lines, std::string_view line, FeatureTable& table) {
  double value = 0;
  int64_t fields = 0;
  for (size_t begin = 0; begin <= line.size();) {
    if (fields++ > 0) {  // the one before was no label
      table.values.push_back(static_cast<float>(value));
      table.missing += std::isnan(value) ? 1 : 0;
    }
    if (fields > kMaxFeatures + 1) {
      return lines.error(absl::StrCat("more than ", kMaxFeatures, " features"));
    }
    const size_t end = std::min(line.find(',', begin), line.size());
    DURWARD_ASSIGN_OR_RETURN(value, parse_value(lines, line.substr(begin, end - begin), fields));
    begin = end + 1;
  }
  if (fields < 2) return lines.error("one field; expected features and, last, the person");
  if (table.features == 0) table.features = fields - 1;
  if (fields != table.features + 1) {
    return lines.error(absl::StrCat("it has ", fields, " fields, the first row has ",
                                    table.features + 1, "; is the person's column missing?"));
  }
  DURWARD_ASSIGN_OR_RETURN(const int32_t person, person_of(lines, value));
  table.person.push_back(person);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FeatureTable> parse_feature_csv(std::string_view text) {
  FeatureTable table;
  TextLines lines(text);
  for (std::string_view line;;) {
    DURWARD_ASSIGN_OR_RETURN(const bool more, lines.next(line));
    if (!more) break;
    DURWARD_RETURN_IF_ERROR(check_size(lines, table));
    DURWARD_RETURN_IF_ERROR(add_row(lines, line, table));
  }
  if (table.person.empty()) return absl::InvalidArgumentError("it holds no row of features");
  return table;
}

absl::StatusOr<FeatureTable> read_feature_csv(const std::filesystem::path& path) {
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, kMaxFeatureFileBytes));
  absl::StatusOr<FeatureTable> table = parse_feature_csv(text);
  if (!table.ok()) return with_context(table.status(), path.string());
  return table;
}

}  // namespace durward
