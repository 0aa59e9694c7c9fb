// One line of comma-separated values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace durward {

// Splits a record that is one line (RFC 4180) into its fields. False where a quote is never closed,
// or text follows a closing quote.
[[nodiscard]] bool split_csv_record(std::string_view line, std::vector<std::string>& fields);

}  // namespace durward
