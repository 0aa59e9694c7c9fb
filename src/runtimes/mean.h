// The mean of an op's times.
#pragma once

#include <numeric>
#include <vector>

namespace durward {

// 0 of none.
[[nodiscard]] inline double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace durward
