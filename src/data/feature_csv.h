// Tables of features as behavioural data sets have them: a row for each repetition, numbers
// separated by commas, no header, and in the last column the person.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

struct FeatureTable {
  int64_t features = 0;         // columns less the last
  std::vector<float> values;    // [rows, features]; NaN where a value is missing
  std::vector<int32_t> person;  // of each row: the number in its last column
  int64_t missing = 0;          // values that are NaN

  [[nodiscard]] int64_t rows() const { return static_cast<int64_t>(person.size()); }
};

inline constexpr int64_t kMaxFeatures = 4096;
inline constexpr int64_t kMaxFeatureRows = int64_t{1} << 20;

// A missing value is written NaN. InvalidArgument, naming the line, for a row of another length
// than the first, a field that is no number or infinite, a last column that is no whole number from
// 0 on, more than kMaxFeatures features or kMaxFeatureRows rows; and for a text without rows.
[[nodiscard]] absl::StatusOr<FeatureTable> parse_feature_csv(std::string_view text);

// Errors: the file's and the parser's, naming the file.
[[nodiscard]] absl::StatusOr<FeatureTable> read_feature_csv(const std::filesystem::path& path);

}  // namespace durward
