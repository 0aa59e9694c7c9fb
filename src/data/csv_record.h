// One line of comma-separated values.
#pragma once

#include <absl/functional/function_ref.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "data/text_lines.h"

namespace durward {

// Splits a record that is one line (RFC 4180) into its fields. False where a quote is never closed,
// or text follows a closing quote.
[[nodiscard]] bool split_csv_record(std::string_view line, std::vector<std::string>& fields);

// Reads a table: its first line, which names the columns, goes to `header`, each other one to
// `row`, with as many fields. Errors name the line: InvalidArgument for an open quotation mark or
// another number of fields; what the two answer; InvalidArgument where there is no line.
using CsvRecordSink =
    absl::FunctionRef<absl::Status(const TextLines& lines, const std::vector<std::string>& fields)>;
[[nodiscard]] absl::Status read_csv_table(std::string_view text, CsvRecordSink header,
                                          CsvRecordSink row);

}  // namespace durward
