#include "engine/kernels/elementwise/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/arithmetic.h"
#include "engine/kernels/binary/binary.h"

namespace durward {
namespace {

Int8Output random_output(Random& random) {
  return {static_cast<int32_t>(pick(random, -128, 127)), -128, 127};
}

// 4 x 5 with b repeated along the rows, so that both inner loops run.
LoopNest rows_of_b() { return {2, {4, 5}, {5, 1}, {1, 0}}; }
LoopNest flat(int64_t count) { return {1, {count}, {1}, {1}}; }

TEST(AddInt8, RoundsTheSumOfTwoRoundedProducts) {
  Random random(6);
  for (int trial = 0; trial < 300; ++trial) {
    const auto a = random_int8(random, 20), b = random_int8(random, 20);
    AddInt8 add{trial % 2 == 0 ? flat(20) : rows_of_b(), 0, 0, 0, 0, random_output(random)};
    add.zero_point_a = static_cast<int32_t>(pick(random, -128, 127));
    add.zero_point_b = static_cast<int32_t>(pick(random, -128, 127));
    add.multiplier_a = static_cast<float>(std::exp2(2 - 6 * random.uniform()));
    add.multiplier_b = -static_cast<float>(std::exp2(2 - 6 * random.uniform()));
    std::vector<int8_t> output(20);
    add_int8(add, a.data(), b.data(), output.data());
    for (size_t i = 0; i < 20; ++i) {
      const int8_t other = b[trial % 2 == 0 ? i : i / 5];
      volatile float first = float(a[i] - add.zero_point_a) * add.multiplier_a;
      volatile float second = float(other - add.zero_point_b) * add.multiplier_b;
      ASSERT_EQ(output[i], plain_round(first + second, add.output));
    }
  }
}

TEST(MulInt8, RequantisesTheExactProduct) {
  Random random(7);
  for (int trial = 0; trial < 300; ++trial) {
    const auto a = random_int8(random, 20), b = random_int8(random, 20);
    const MulInt8 mul{flat(20), static_cast<int32_t>(pick(random, -128, 127)),
                      static_cast<int32_t>(pick(random, -128, 127)),
                      static_cast<float>(std::exp2(-12 * random.uniform())), random_output(random)};
    std::vector<int8_t> output(20);
    mul_int8(mul, a.data(), b.data(), output.data());
    for (size_t i = 0; i < 20; ++i) {
      const int64_t product =
          (int64_t{a[i]} - mul.zero_point_a) * (int64_t{b[i]} - mul.zero_point_b);
      ASSERT_EQ(output[i], plain_requantize(product, mul.multiplier, mul.output));
    }
  }
}

TEST(MaximumInt8, ComparesAndBroadcasts) {
  Random random(8);
  const auto a = random_int8(random, 20), b = random_int8(random, 4);
  std::vector<int8_t> largest(20), smallest(20);
  maximum_int8(rows_of_b(), a.data(), b.data(), largest.data());
  minimum_int8(rows_of_b(), a.data(), b.data(), smallest.data());
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(largest[i], std::max(a[i], b[i / 5]));
    EXPECT_EQ(smallest[i], std::min(a[i], b[i / 5]));
  }
}

TEST(PReluInt8, ChoosesTheMultiplierByTheSign) {
  const float positive[] = {1.0f, 0.5f}, negative[] = {0.25f, -1.0f};
  const PReluInt8 prelu{2, 2, positive, negative, 10, {-3, -128, 127}};
  const int8_t input[] = {30, 30, -10, -10};
  int8_t output[4];
  prelu_int8(prelu, input, output);
  EXPECT_EQ(output[0], 20 - 3);
  EXPECT_EQ(output[1], 10 - 3);
  EXPECT_EQ(output[2], -5 - 3);
  EXPECT_EQ(output[3], 20 - 3);
}

TEST(UnaryFloat, HasTheValuesOfTheFunctions) {
  struct Case {
    UnaryFunction function;
    float x, y;
  };
  const Case cases[] = {
      {{FloatUnary::kRelu, 0, 0}, -2, 0},
      {{FloatUnary::kRelu, 0, 0}, 7, 7},
      {{FloatUnary::kRelu6, 0, 0}, 7, 6},
      {{FloatUnary::kAbs, 0, 0}, -2, 2},
      {{FloatUnary::kNegate, 0, 0}, -2, 2},
      {{FloatUnary::kSqrt, 0, 0}, 9, 3},
      {{FloatUnary::kRsqrt, 0, 0}, 16, 0.25f},
      {{FloatUnary::kExp, 0, 0}, 1, 2.7182818f},
      {{FloatUnary::kLog, 0, 0}, 2, 0.69314718f},
      {{FloatUnary::kSigmoid, 0, 0}, 1, 0.73105858f},
      {{FloatUnary::kTanh, 0, 0}, 1, 0.76159416f},
      {{FloatUnary::kHardSwish, 0, 0}, 1, 2.0f / 3},
      {{FloatUnary::kHardSwish, 0, 0}, -4, 0},
      {{FloatUnary::kHardSwish, 0, 0}, 5, 5},
      {{FloatUnary::kErf, 0, 0}, 1, 0.84270079f},
      {{FloatUnary::kFloor, 0, 0}, -1.5f, -2},
      {{FloatUnary::kCeil, 0, 0}, -1.5f, -1},
      {{FloatUnary::kLeakyRelu, 0.125f, 0}, -8, -1},
      {{FloatUnary::kClip, -1, 2}, -3, -1},
      {{FloatUnary::kClip, -1, 2}, 3, 2},
      {{FloatUnary::kHardSigmoid, 0.2f, 0.5f}, 1, 0.7f},
      {{FloatUnary::kHardSigmoid, 0.2f, 0.5f}, -9, 0},
  };
  for (const Case& c : cases) {
    float y = 0;
    unary_float(c.function, 1, &c.x, &y);
    EXPECT_NEAR(y, c.y, 1e-6) << static_cast<int>(c.function.kind);
    EXPECT_NEAR(evaluate(c.function, c.x), c.y, 1e-6) << static_cast<int>(c.function.kind);
  }
}

TEST(BinaryFloat, HasTheValuesOfTheOperations) {
  const float a[] = {8, -3}, b[] = {2, 2};
  const auto run = [&](FloatBinary kind) {
    std::vector<float> y(2);
    binary_float(kind, flat(2), {}, a, b, y.data());
    return y;
  };
  EXPECT_EQ(run(FloatBinary::kAdd), (std::vector<float>{10, -1}));
  EXPECT_EQ(run(FloatBinary::kSub), (std::vector<float>{6, -5}));
  EXPECT_EQ(run(FloatBinary::kMul), (std::vector<float>{16, -6}));
  EXPECT_EQ(run(FloatBinary::kDiv), (std::vector<float>{4, -1.5f}));
  EXPECT_EQ(run(FloatBinary::kPow), (std::vector<float>{64, 9}));
  EXPECT_EQ(run(FloatBinary::kMaximum), (std::vector<float>{8, 2}));
  EXPECT_EQ(run(FloatBinary::kMinimum), (std::vector<float>{2, -3}));
  EXPECT_EQ(run(FloatBinary::kLess), (std::vector<float>{0, 1}));
  EXPECT_EQ(run(FloatBinary::kGreaterOrEqual), (std::vector<float>{1, 0}));
}

TEST(BinaryFloat, ComparesEqualNumbersAndNaNs) {
  const float a[] = {2, -0.0f, std::nanf(""), 1}, b[] = {2, 0, 1, std::nanf("")};
  std::vector<float> y(4);
  binary_float(FloatBinary::kLess, flat(4), {}, a, b, y.data());
  EXPECT_EQ(y, (std::vector<float>{0, 0, 0, 0}));
  binary_float(FloatBinary::kGreaterOrEqual, flat(4), {}, a, b, y.data());
  EXPECT_EQ(y, (std::vector<float>{1, 1, 0, 0}));
}

}  // namespace
}  // namespace durward
