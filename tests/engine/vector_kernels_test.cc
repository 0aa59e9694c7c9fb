// Every kernel without weights that this machine can run has the reference's bits and touches
// nothing outside its tensors.
#include "engine/kernels/vectors/vector_kernels.h"

#include <gtest/gtest.h>

#include "engine/float_values.h"
#include "engine/guarded.h"

namespace durward {
namespace {

// Values in steps of an eighth, so that many lie in the middle of two integers, and any others.
std::vector<float> random_steps(Random& random, int64_t count) {
  auto values = random_values(random, count);
  for (float& value : values) {
    const uint64_t kind = random.below(4);
    if (kind == 0) value *= 300;
    if (kind == 1) value = static_cast<float>(pick(random, -1200, 1200)) / 8;
  }
  return values;
}

Int8Output random_range(Random& random) {
  Int8Output range;
  range.zero_point = static_cast<int32_t>(pick(random, -128, 127));
  if (random.below(4) == 0) range.zero_point = random.below(2) == 0 ? -128 : 127;
  if (random.below(2) == 0) range.lowest = range.zero_point;
  if (random.below(2) == 0) range.highest = static_cast<int32_t>(pick(random, range.lowest, 127));
  return range;
}

class VectorKernelsTest : public testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    if (!available(kernels().isa)) GTEST_SKIP() << "this machine lacks " << name(kernels().isa);
  }
  [[nodiscard]] static const VectorKernels& kernels() { return vector_kernels()[GetParam()]; }
};

TEST_P(VectorKernelsTest, QuantizeAsTheReference) {
  Random random(1);
  for (int trial = 0; trial < 1000; ++trial) {
    const int64_t count = pick(random, 1, 150);
    const auto values = random_steps(random, count);
    const Int8Output range = random_range(random);
    const float scale =
        random.below(3) == 0 ? 1.0f : 0.001f + static_cast<float>(random.uniform()) * 2;
    std::vector<int8_t> expected(static_cast<size_t>(count));
    quantize_int8(scale, range, count, values.data(), expected.data());
    const Guarded<float> input(values, either_end(random));
    const Guarded<int8_t> output(values.size(), 85, either_end(random));
    kernels().quantize_int8(scale, range, count, input.data(), output.data());
    ASSERT_EQ(output.values(), expected) << count << " values, scale " << scale;
  }
}

TEST_P(VectorKernelsTest, MaxPoolAsTheReference) {
  Random random(2);
  for (int trial = 0; trial < 1000; ++trial) {
    WindowGeometry w = random_window(random, false);
    w.in_c = w.out_c = pick(random, 1, 70);
    const auto values = random_values(random, w.batch * w.in_h * w.in_w * w.in_c);
    std::vector<float> expected(static_cast<size_t>(w.batch * w.out_h * w.out_w * w.out_c));
    max_pool_float(w, values.data(), expected.data());
    const Guarded<float> input(values, either_end(random));
    const Guarded<float> output(rubbish(expected.size()), either_end(random));
    kernels().max_pool_float(w, input.data(), output.data());
    ASSERT_TRUE(same_bits(output.values(), expected)) << w.in_c << " channels";
  }
}

std::string kernel_name(const testing::TestParamInfo<size_t>& kernels) {
  std::string text = name(vector_kernels()[kernels.param].isa);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, VectorKernelsTest,
                         testing::Range(size_t{0}, vector_kernels().size()), kernel_name);

}  // namespace
}  // namespace durward
