// Numbers as the report writes them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/html.h"
#include "report/json_view.h"

namespace durward {

inline constexpr const char* kNoValue = "\xE2\x80\x93";  // an en dash

[[nodiscard]] std::string count_text(double count);     // "1,250,180"
[[nodiscard]] std::string percent_text(double rate);    // 0.98734 -> "98.73 %", small: "0.00012 %"
[[nodiscard]] std::string percent_number(double rate);  // 0.98734 -> "98.73"
[[nodiscard]] std::string points_text(double rate);     // 0.0123 -> "1.23"; of a loss, in points
[[nodiscard]] std::string far_text(double far);      // 0.001 -> "1 in 1,000", with no-break spaces
[[nodiscard]] std::string far_exponent(double far);  // 0.001 -> "1e-3"
[[nodiscard]] std::string milliseconds_text(double ms);      // "2.81 ms"
[[nodiscard]] std::string bytes_text(double bytes);          // "1.31 MB", "842 kB" (powers of ten)
[[nodiscard]] std::string threshold_text(double threshold);  // "0.3203"
[[nodiscard]] std::string cosine_text(double cosine);        // "0.99874"
[[nodiscard]] std::string ratio_text(double ratio);          // "0.42"
[[nodiscard]] std::string times_text(double factor);         // "3.7 times", "12 times"

// [lower, upper] of a JSON pair through one of the above; empty where there is no such pair.
[[nodiscard]] std::string interval_text(const JsonView& interval, std::string (*format)(double));

// format(value), or a dash where there is none.
[[nodiscard]] std::string or_dash(const std::optional<double>& value,
                                  std::string (*format)(double));

// Parts joined with commas and "and".
[[nodiscard]] std::string enumerate(const std::vector<std::string>& parts);

// A cell: "98.73 %" or a dash, and below it in small "[97.50, 99.80]" where there is an interval.
[[nodiscard]] Html rate_cell(const std::optional<double>& rate, const JsonView& interval);

}  // namespace durward
