// Pooling, reductions, softmax and L2 normalisation against their definitions in double.
#include <gtest/gtest.h>

#include <cstddef>

#include "engine/arithmetic.h"
#include "engine/kernels/l2_normalize/l2_normalize.h"
#include "engine/kernels/pool/pool.h"
#include "engine/kernels/reduce/reduce.h"
#include "engine/kernels/softmax/softmax.h"

namespace durward {
namespace {

TEST(Pool, EqualsTheDefinitionOverRandomWindows) {
  Random random(9);
  for (int trial = 0; trial < 300; ++trial) {
    WindowGeometry w = random_window(random, false);
    w.in_c = w.out_c = pick(random, 1, 9);
    // Outputs whose window would lie wholly in the padding do not exist.
    w.out_h = std::min(w.out_h, (w.in_h + w.pad_top - 1) / w.stride_h + 1);
    w.out_w = std::min(w.out_w, (w.in_w + w.pad_left - 1) / w.stride_w + 1);
    const bool count_padding = random.below(2) == 0;
    const int32_t zero = static_cast<int32_t>(pick(random, -128, 127));
    const Int8Output range{static_cast<int32_t>(pick(random, -128, 127)), -128, 127};
    std::vector<float> multiplier{0};
    for (int64_t n = 1; n <= w.kernel_h * w.kernel_w; ++n) multiplier.push_back(0.7f / float(n));
    const auto input = random_int8(random, w.batch * w.in_h * w.in_w * w.in_c);
    const std::vector<float> input_float(input.begin(), input.end());
    const auto count = static_cast<size_t>(w.batch * w.out_h * w.out_w * w.in_c);
    std::vector<int8_t> largest(count), average(count);
    std::vector<float> largest_float(count), average_float(count);
    std::vector<std::max_align_t> scratch(static_cast<size_t>(w.in_c));
    auto* memory = reinterpret_cast<std::byte*>(scratch.data());
    max_pool_int8(w, input.data(), largest.data());
    max_pool_float(w, input_float.data(), largest_float.data());
    average_pool_int8({w, count_padding, multiplier.data(), zero, range}, input.data(),
                      average.data(), memory);
    average_pool_float(w, count_padding, input_float.data(), average_float.data(), memory);
    size_t index = 0;
    for (int64_t n = 0; n < w.batch; ++n) {
      for (int64_t y = 0; y < w.out_h; ++y) {
        for (int64_t x = 0; x < w.out_w; ++x) {
          for (int64_t c = 0; c < w.in_c; ++c, ++index) {
            int64_t sum = 0, inside = 0;
            int8_t best = -128;
            for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
              for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
                const int64_t iy = y * w.stride_h - w.pad_top + ky;
                const int64_t ix = x * w.stride_w - w.pad_left + kx;
                if (iy < 0 || ix < 0 || iy >= w.in_h || ix >= w.in_w) continue;
                const int8_t value =
                    input[static_cast<size_t>(((n * w.in_h + iy) * w.in_w + ix) * w.in_c + c)];
                sum += value;
                best = std::max(best, value);
                ++inside;
              }
            }
            const int64_t divisor = count_padding ? w.kernel_h * w.kernel_w : inside;
            ASSERT_EQ(largest[index], best);
            ASSERT_EQ(largest_float[index], best);
            ASSERT_NEAR(average_float[index], double(sum) / double(divisor), 1e-4);
            ASSERT_EQ(average[index],
                      plain_requantize(sum - inside * zero,
                                       multiplier[static_cast<size_t>(divisor)], range));
          }
        }
      }
    }
  }
}

TEST(Reduce, MeanOverHeightAndWidthIsRoundedOnce) {
  Random random(10);
  // 2 x 3 x 4 x 5 reduced over the middle axes.
  const Reduction reduction{{3, {2, 12, 5}, {60, 5, 1}, {5, 0, 1}}, 10, 12};
  const auto input = random_int8(random, 120);
  const Int8Output range{4, -128, 127};
  std::vector<int8_t> output(10);
  std::vector<double> scratch(10);
  sum_int8(reduction, -7, 0.1f, range, input.data(), output.data(),
           reinterpret_cast<std::byte*>(scratch.data()));
  for (size_t n = 0; n < 2; ++n) {
    for (size_t c = 0; c < 5; ++c) {
      int64_t sum = 0;
      for (size_t i = 0; i < 12; ++i) sum += input[n * 60 + i * 5 + c] + 7;
      EXPECT_EQ(output[n * 5 + c], plain_requantize(sum, 0.1f, range));
    }
  }
}

TEST(Reduce, FloatKindsHaveTheirValues) {
  const float input[] = {3, -4, 0};
  const Reduction reduction{{1, {3}, {1}, {0}}, 1, 3};
  const auto run = [&](FloatReduction kind) {
    float y = 0;
    double scratch = 0;
    reduce_float(kind, reduction, input, &y, reinterpret_cast<std::byte*>(&scratch));
    return y;
  };
  EXPECT_FLOAT_EQ(run(FloatReduction::kMean), -1.0f / 3);
  EXPECT_EQ(run(FloatReduction::kSum), -1);
  EXPECT_EQ(run(FloatReduction::kMax), 3);
  EXPECT_EQ(run(FloatReduction::kMin), -4);
  EXPECT_EQ(run(FloatReduction::kSumSquare), 25);
  EXPECT_EQ(run(FloatReduction::kL2), 5);
}

TEST(Softmax, StaysWithinAStepOfTheExactValue) {
  Random random(11);
  for (const double scale : {0.01, 0.1, 0.5}) {
    std::vector<int32_t> table(256);
    for (int d = 0; d < 256; ++d) {
      table[static_cast<size_t>(d)] = int32_t(std::lrint(std::exp(-scale * d) * 16777216.0));
    }
    const AxisGeometry geometry{2, 11, 3};
    const auto input = random_int8(random, 66);
    std::vector<int8_t> output(66);
    softmax_int8({geometry, table.data(), 256.0f, {-128, -128, 127}}, input.data(), output.data());
    std::vector<float> real(66), real_output(66);
    for (size_t i = 0; i < 66; ++i) real[i] = float(scale) * float(input[i]);
    softmax_float(geometry, real.data(), real_output.data());
    for (size_t o = 0; o < 2; ++o) {
      for (size_t n = 0; n < 3; ++n) {
        double sum = 0;
        const auto at = [&](size_t i) { return o * 33 + i * 3 + n; };
        for (size_t i = 0; i < 11; ++i) sum += std::exp(scale * input[at(i)]);
        for (size_t i = 0; i < 11; ++i) {
          const double exact = std::exp(scale * input[at(i)]) / sum;
          EXPECT_NEAR(real_output[at(i)], exact, 1e-6);
          EXPECT_NEAR(output[at(i)] + 128, std::min(exact * 256, 255.0), 0.51);
        }
      }
    }
  }
}

TEST(L2Normalize, StaysWithinAStepOfTheExactValue) {
  Random random(12);
  const auto input = random_int8(random, 128);
  std::vector<int8_t> output(128);
  l2_normalize_int8({{1, 128, 1}, 9, 128.0f, {0, -128, 127}}, input.data(), output.data());
  double sum = 0;
  for (const int8_t value : input) sum += (value - 9.0) * (value - 9.0);
  for (size_t i = 0; i < 128; ++i) {
    EXPECT_NEAR(output[i], (input[i] - 9) / std::sqrt(sum) * 128, 0.51);
  }
}

TEST(L2Normalize, OfZeroIsZero) {
  const int8_t input[] = {5, 5};
  int8_t output[2];
  l2_normalize_int8({{1, 2, 1}, 5, 128.0f, {0, -128, 127}}, input, output);
  EXPECT_EQ(output[0], 0);
  const float zeros[] = {0, 0};
  float normalised[2];
  l2_normalize_float({1, 2, 1}, 1e-12f, zeros, normalised);
  EXPECT_EQ(normalised[1], 0);
  const float input_float[] = {3, 4};
  l2_normalize_float({1, 2, 1}, 1e-12f, input_float, normalised);
  EXPECT_FLOAT_EQ(normalised[0], 0.6f);
  EXPECT_FLOAT_EQ(normalised[1], 0.8f);
}

}  // namespace
}  // namespace durward
