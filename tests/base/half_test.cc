#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>

namespace durward {
namespace {

// Against the compiler's own _Float16, over every bit pattern.
TEST(HalfToFloat, EqualsTheCompilersConversionForEveryBitPattern) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const auto expected = static_cast<float>(std::bit_cast<_Float16>(half));
    const float actual = half_to_float(half);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(actual)) << bits;
    } else {
      EXPECT_EQ(std::bit_cast<uint32_t>(actual), std::bit_cast<uint32_t>(expected)) << bits;
    }
  }
}

}  // namespace
}  // namespace durward
