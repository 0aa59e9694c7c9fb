#include "data/csv_record.h"

#include <algorithm>

namespace durward {

bool split_csv_record(std::string_view line, std::vector<std::string>& fields) {
  fields.clear();
  size_t i = 0;
  while (true) {
    std::string field;
    if (i < line.size() && line[i] == '"') {
      for (++i;; ++i) {
        if (i >= line.size()) return false;
        if (line[i] != '"') {
          field += line[i];
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
          field += line[++i];
        } else {
          break;
        }
      }
      ++i;
      if (i < line.size() && line[i] != ',') return false;
    } else {
      const size_t end = std::min(line.find(',', i), line.size());
      field = line.substr(i, end - i);
      i = end;
    }
    fields.push_back(std::move(field));
    if (i >= line.size()) return true;
    ++i;  // the comma
  }
}

absl::Status read_csv_table(std::string_view text, CsvRecordSink header, CsvRecordSink row) {
  TextLines lines(text);
  size_t width = 0;  // of the first line; none has no field
  std::vector<std::string> fields;
  for (std::string_view line;;) {
    DURWARD_ASSIGN_OR_RETURN(const bool more, lines.next(line));
    if (!more) break;
    if (!split_csv_record(line, fields)) return lines.error("a quotation mark is not closed");
    if (width == 0) {
      DURWARD_RETURN_IF_ERROR(header(lines, fields));
      width = fields.size();
      continue;
    }
    if (fields.size() != width) {
      return lines.error(
          absl::StrCat("it has ", fields.size(), " fields, the first line has ", width));
    }
    DURWARD_RETURN_IF_ERROR(row(lines, fields));
  }
  if (width == 0) return absl::InvalidArgumentError("it holds no line that names its columns");
  return absl::OkStatus();
}

}  // namespace durward
