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

// int8 values, in one array of four the two ends of their range alone.
std::vector<int8_t> random_bytes(Random& random, int64_t count) {
  if (random.below(4) > 0) return random_int8(random, count);
  std::vector<int8_t> values(static_cast<size_t>(count));
  for (int8_t& value : values) value = random.below(2) == 0 ? -128 : 127;
  return values;
}

int32_t random_zero_point(Random& random) { return random_range(random).zero_point; }

// Now and then a number that no real model has, since a plan may say anything.
float random_multiplier(Random& random) {
  const float odd[] = {0.0f, -0.0f, std::nanf(""), std::numeric_limits<float>::infinity(), 1e38f};
  if (random.below(16) == 0) return odd[random.below(std::size(odd))];
  const auto value = static_cast<float>(random.uniform());
  return random.below(4) == 0 ? -value : value;
}

// What one operand of a nest takes; strides of another operand are the nest's, or 0 where it is
// broadcast, or, in one nest of eight, those of every other element.
int64_t random_strides(Random& random, const LoopNest& nest, int64_t (&strides)[kMaxLoopRank]) {
  int64_t size = 1, last = 0;
  const int64_t step = random.below(8) == 0 ? 2 : 1;
  for (int i = nest.rank - 1; i >= 0; --i) {
    const bool repeated = random.below(4) == 0;
    strides[i] = repeated ? 0 : size * step;
    if (repeated) continue;
    last += (nest.dims[i] - 1) * strides[i];
    size *= nest.dims[i];
  }
  return last + 1;
}

struct RandomPair {
  explicit RandomPair(Random& random) {
    loop.rank = static_cast<int>(pick(random, 1, 3));
    for (int i = 0; i < loop.rank; ++i) {
      loop.dims[i] = pick(random, 1, i + 1 == loop.rank ? 150 : 3);
      count *= static_cast<size_t>(loop.dims[i]);
    }
    const int64_t of_a = random_strides(random, loop, loop.stride_a);
    const int64_t of_b = random_strides(random, loop, loop.stride_b);
    a = random_bytes(random, of_a);
    b = random_bytes(random, of_b);
  }

  LoopNest loop;
  size_t count = 1;
  std::vector<int8_t> a, b;
};

// `kernel` and `reference` take (a, b, output) of such a pair, in guarded memory.
template <typename Kernel>
std::vector<int8_t> run_guarded(const RandomPair& pair, Random& random, const Kernel& kernel) {
  const Guarded<int8_t> a(pair.a, either_end(random)), b(pair.b, either_end(random));
  const Guarded<int8_t> output(pair.count, 85, either_end(random));
  kernel(a.data(), b.data(), output.data());
  return output.values();
}

TEST_P(VectorKernelsTest, AddAsTheReference) {
  Random random(3);
  for (int trial = 0; trial < 1000; ++trial) {
    const RandomPair pair(random);
    const AddInt8 add{pair.loop,
                      random_zero_point(random),
                      random_zero_point(random),
                      random_multiplier(random),
                      random_multiplier(random),
                      random_range(random)};
    std::vector<int8_t> expected(pair.count);
    add_int8(add, pair.a.data(), pair.b.data(), expected.data());
    ASSERT_EQ(run_guarded(pair, random,
                          [&](const int8_t* a, const int8_t* b, int8_t* output) {
                            kernels().add_int8(add, a, b, output);
                          }),
              expected);
  }
}

TEST_P(VectorKernelsTest, MultiplyAsTheReference) {
  Random random(4);
  for (int trial = 0; trial < 1000; ++trial) {
    const RandomPair pair(random);
    const float multiplier = random_multiplier(random) / (random.below(2) == 0 ? 1.0f : 100.0f);
    const MulInt8 mul{pair.loop, random_zero_point(random), random_zero_point(random), multiplier,
                      random_range(random)};
    std::vector<int8_t> expected(pair.count);
    mul_int8(mul, pair.a.data(), pair.b.data(), expected.data());
    ASSERT_EQ(run_guarded(pair, random,
                          [&](const int8_t* a, const int8_t* b, int8_t* output) {
                            kernels().mul_int8(mul, a, b, output);
                          }),
              expected);
  }
}

TEST_P(VectorKernelsTest, MaxPoolInt8AsTheReference) {
  Random random(5);
  for (int trial = 0; trial < 1000; ++trial) {
    WindowGeometry w = random_window(random, false);
    w.in_c = w.out_c = pick(random, 1, 150);
    const auto values = random_bytes(random, w.batch * w.in_h * w.in_w * w.in_c);
    std::vector<int8_t> expected(static_cast<size_t>(w.batch * w.out_h * w.out_w * w.out_c));
    max_pool_int8(w, values.data(), expected.data());
    const Guarded<int8_t> input(values, either_end(random));
    const Guarded<int8_t> output(expected.size(), 85, either_end(random));
    kernels().max_pool_int8(w, input.data(), output.data());
    ASSERT_EQ(output.values(), expected) << w.in_c << " channels";
  }
}

TEST_P(VectorKernelsTest, LookUpAsTheReference) {
  Random random(6);
  for (int trial = 0; trial < 1000; ++trial) {
    const auto table = random_int8(random, 256);
    // Every value, and some more at random.
    auto values = random_int8(random, pick(random, 1, 400));
    for (size_t i = 0; i < values.size() && i < 256; ++i) values[i] = static_cast<int8_t>(i);
    std::vector<int8_t> expected(values.size());
    lookup_int8(table.data(), static_cast<int64_t>(values.size()), values.data(), expected.data());
    const Guarded<int8_t> guarded_table(table, either_end(random)),
        input(values, either_end(random));
    const Guarded<int8_t> output(values.size(), 85, either_end(random));
    kernels().lookup_int8(guarded_table.data(), static_cast<int64_t>(values.size()), input.data(),
                          output.data());
    ASSERT_EQ(output.values(), expected) << values.size() << " values";
  }
}

TEST_P(VectorKernelsTest, ComputeFunctionsAsTheReference) {
  Random random(7);
  for (int kind = 0; kind <= static_cast<int>(FloatUnary::kHardSigmoid); ++kind) {
    for (int trial = 0; trial < 50; ++trial) {
      const int64_t count = pick(random, 1, 150);
      const UnaryFunction function{static_cast<FloatUnary>(kind), random_multiplier(random), 2};
      const auto values = random_values(random, count);
      std::vector<float> expected(values.size());
      unary_float(function, count, values.data(), expected.data());
      const Guarded<float> input(values, either_end(random));
      const Guarded<float> output(rubbish(values.size()), either_end(random));
      kernels().unary_float(function, count, input.data(), output.data());
      ASSERT_TRUE(same_bits(output.values(), expected)) << "function " << kind;
    }
  }
}

// The image's axes, the channels, or any others.
Reduction random_reduction(Random& random) {
  Reduction reduction;
  LoopNest& loop = reduction.loop;
  loop.rank = static_cast<int>(pick(random, 1, 3));
  int64_t stride_in = 1, stride_out = 1;
  for (int i = loop.rank - 1; i >= 0; --i) {
    loop.dims[i] = pick(random, 1, i + 1 == loop.rank ? 150 : 7);
    loop.stride_a[i] = stride_in;
    stride_in *= loop.dims[i];
    const bool reduced = random.below(2) == 0;
    loop.stride_b[i] = reduced ? 0 : stride_out;
    (reduced ? reduction.reduced : stride_out) *= loop.dims[i];
  }
  reduction.outputs = stride_out;
  return reduction;
}

TEST_P(VectorKernelsTest, SumAsTheReference) {
  Random random(8);
  for (int trial = 0; trial < 1000; ++trial) {
    const Reduction reduction = random_reduction(random);
    const int32_t zero_point = random_zero_point(random);
    const float multiplier = random_multiplier(random) / static_cast<float>(reduction.reduced);
    const Int8Output range = random_range(random);
    const auto values = random_bytes(random, reduction.outputs * reduction.reduced);
    const size_t scratch_bytes = reduce_scratch_bytes(reduction);
    std::vector<double> scratch(scratch_bytes / sizeof(double));
    std::vector<int8_t> expected(static_cast<size_t>(reduction.outputs));
    sum_int8(reduction, zero_point, multiplier, range, values.data(), expected.data(),
             reinterpret_cast<std::byte*>(scratch.data()));
    const Guarded<int8_t> input(values, either_end(random));
    const Guarded<int8_t> output(expected.size(), 85, either_end(random));
    const Guarded<std::byte> sums(scratch_bytes, either_end(random), 64);
    kernels().sum_int8(reduction, zero_point, multiplier, range, input.data(), output.data(),
                       sums.data());
    ASSERT_EQ(output.values(), expected) << reduction.outputs << " of " << reduction.reduced;
  }
}

std::vector<ResizeTap> random_taps(Random& random, int64_t count, int64_t size) {
  std::vector<ResizeTap> taps;
  for (int64_t i = 0; i < count; ++i) {
    const auto low = static_cast<int32_t>(pick(random, 0, size - 1));
    const auto high = static_cast<int32_t>(pick(random, low, std::min<int64_t>(low + 1, size - 1)));
    taps.push_back({low, high, static_cast<float>(pick(random, 0, 8)) / 8});
  }
  return taps;
}

TEST_P(VectorKernelsTest, ResizeAsTheReference) {
  Random random(9);
  for (int trial = 0; trial < 500; ++trial) {
    const int64_t in_h = pick(random, 1, 6), in_w = pick(random, 1, 6);
    const int64_t out_h = pick(random, 1, 9), out_w = pick(random, 1, 9);
    const auto rows = random_taps(random, out_h, in_h), columns = random_taps(random, out_w, in_w);
    const ResizeGeometry g{pick(random, 1, 2),  in_h,        in_w,          out_h, out_w,
                           pick(random, 1, 70), rows.data(), columns.data()};
    const int32_t zero_point = random_zero_point(random);
    const float multiplier = random.below(2) == 0 ? 1.0f : random_multiplier(random) * 2;
    const Int8Output range = random_range(random);
    const auto values = random_bytes(random, g.batch * in_h * in_w * g.channels);
    std::vector<int8_t> expected(static_cast<size_t>(g.batch * out_h * out_w * g.channels));
    resize_linear_int8(g, zero_point, multiplier, range, values.data(), expected.data());
    const Guarded<int8_t> input(values, either_end(random));
    const Guarded<int8_t> output(expected.size(), 85, either_end(random));
    kernels().resize_linear_int8(g, zero_point, multiplier, range, input.data(), output.data());
    ASSERT_EQ(output.values(), expected) << g.channels << " channels";
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
