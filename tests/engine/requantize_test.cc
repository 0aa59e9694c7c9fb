#include "engine/kernels/requantize.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/arithmetic.h"
#include "engine/kernels/quantize/quantize.h"

namespace durward {
namespace {

TEST(Requantize, RoundsTiesToEven) {
  const Int8Output output{3, -128, 127};
  EXPECT_EQ(round_to_int8(0.5f, output), 3);
  EXPECT_EQ(round_to_int8(1.5f, output), 5);
  EXPECT_EQ(round_to_int8(2.5f, output), 5);
  EXPECT_EQ(round_to_int8(-0.5f, output), 3);
  EXPECT_EQ(round_to_int8(-1.5f, output), 1);
  EXPECT_EQ(round_to_int8(0.49999997f, output), 3);
}

TEST(Requantize, SaturatesAtTheRangeWhateverTheMagnitude) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const int32_t zero_point : {-128, -5, 0, 127}) {
    const Int8Output output{zero_point, -100, 90};
    for (const float large : {500.0f, 1e9f, 3e38f, infinity}) {
      EXPECT_EQ(round_to_int8(large, output), 90);
      EXPECT_EQ(round_to_int8(-large, output), -100);
    }
    EXPECT_EQ(round_to_int8(std::numeric_limits<float>::quiet_NaN(), output), -100);
  }
}

TEST(Requantize, FollowsTheRuleForEveryKindOfAccumulator) {
  Random random(1);
  for (int i = 0; i < 200'000; ++i) {
    const auto magnitude = static_cast<int32_t>(random.next() >> (33 + random.below(31)));
    const int32_t accumulator = random.below(2) == 0 ? magnitude : -magnitude;
    const auto multiplier = static_cast<float>(std::exp2(-24.0 * random.uniform()));
    const auto low = static_cast<int32_t>(pick(random, -128, 127));
    const Int8Output output{static_cast<int32_t>(pick(random, -128, 127)), low,
                            static_cast<int32_t>(pick(random, low, 127))};
    ASSERT_EQ(requantize(accumulator, multiplier, output),
              plain_requantize(accumulator, multiplier, output))
        << accumulator << " * " << multiplier;
  }
}

TEST(Requantize, IsExactOnTies) {
  // accumulators k + 1/2 in output steps: a multiplier that is a power of two loses nothing.
  const Int8Output output{0, -128, 127};
  for (int32_t k = -250; k < 250; ++k) {
    ASSERT_EQ(requantize(2 * k + 1, 0.5f, output), plain_requantize(2 * k + 1, 0.5f, output));
  }
}

TEST(Quantize, DividesByTheScale) {
  // 0.3 / 0.1 is below 3 in float32 arithmetic but its quotient rounds to it; 0.25 / 0.1 is 2.5.
  const float input[] = {0.3f, 0.25f, -0.25f, 100.0f, -100.0f};
  int8_t output[5];
  quantize_int8(0.1f, {-1, -128, 127}, 5, input, output);
  EXPECT_EQ(output[0], 2);
  EXPECT_EQ(output[1], 1);
  EXPECT_EQ(output[2], -3);
  EXPECT_EQ(output[3], 127);
  EXPECT_EQ(output[4], -128);
}

TEST(Dequantize, TakesScalesPerChannel) {
  const int8_t input[] = {-128, 127, 0, 1, 2, 3};
  const float scales[] = {0.5f, 2.0f, 1.0f};
  const int32_t zero_points[] = {-128, 127, 1};
  float output[6];
  dequantize({1, 3, 2, scales, zero_points}, input, output);
  const float expected[] = {0, 127.5f, -254, -252, 1, 2};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(output[i], expected[i]);
}

}  // namespace
}  // namespace durward
