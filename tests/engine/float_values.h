// Floats of every kind that there is, and how results are compared.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/arithmetic.h"

namespace durward {

inline std::vector<float> rubbish(size_t count) {
  return std::vector<float>(count, std::bit_cast<float>(0xa5a5a5a5u));
}

// Ordinary values of both signs; in one array of four some that are not.
inline std::vector<float> random_values(Random& random, int64_t count) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kDenormal = std::numeric_limits<float>::denorm_min();
  const float odd[] = {0.0f,       -0.0f,  kInfinity, -kInfinity, std::nanf(""), kDenormal,
                       -kDenormal, 1e-30f, 1e30f,     -1e30f,     0.5f,          6.0f};
  auto values = random_floats(random, count, -1, 1);
  if (random.below(4) > 0) return values;
  const bool finite = random.below(2) == 0;
  for (float& value : values) {
    if (random.below(16) > 0) continue;
    const float replaced = odd[random.below(std::size(odd))];
    value = finite && !std::isfinite(replaced) ? 0.0f : replaced;
  }
  return values;
}

// Equal bit for bit, but for which NaN one is.
inline testing::AssertionResult same_bits(const std::vector<float>& result,
                                          const std::vector<float>& expected) {
  if (result.size() != expected.size()) return testing::AssertionFailure() << "other sizes";
  for (size_t i = 0; i < result.size(); ++i) {
    if (std::isnan(result[i]) && std::isnan(expected[i])) continue;
    if (std::bit_cast<uint32_t>(result[i]) == std::bit_cast<uint32_t>(expected[i])) continue;
    return testing::AssertionFailure()
           << "element " << i << " is " << result[i] << ", not " << expected[i];
  }
  return testing::AssertionSuccess();
}

}  // namespace durward
