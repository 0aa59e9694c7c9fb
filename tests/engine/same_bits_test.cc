// The engine's results have the same bits on every architecture: digests of what the kernels make
// of seeded numbers against the values that an x86-64 build gave. That these results are right is
// for the tests beside this one. What calls libm (exp, log, tanh, erf, pow) is left out: it may
// differ in the last place between C libraries.
//
// After a change of the arithmetic that is meant, a failure's "Which is" on x86-64 is the new
// value.
#include <gtest/gtest.h>

#include <cstddef>
#include <span>

#include "engine/arithmetic.h"
#include "engine/kernels/binary/binary.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/depthwise/depthwise.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/fully_connected/fully_connected.h"
#include "engine/kernels/l2_normalize/l2_normalize.h"
#include "engine/kernels/matmul/matmul.h"
#include "engine/kernels/pool/pool.h"
#include "engine/kernels/quantize/quantize.h"
#include "engine/kernels/reduce/reduce.h"
#include "engine/kernels/resize/resize.h"
#include "engine/kernels/softmax/softmax.h"

namespace durward {
namespace {

// FNV-1a of 64 bits over the bytes of what is added.
class Digest {
 public:
  template <typename T>
  void add(const std::vector<T>& values) {
    for (const std::byte byte : std::as_bytes(std::span(values))) {
      value_ = (value_ ^ static_cast<uint64_t>(byte)) * 0x100000001b3u;
    }
  }
  [[nodiscard]] uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325u;
};

class Scratch {
 public:
  explicit Scratch(size_t bytes) : memory_(bytes / sizeof(std::max_align_t) + 1) {}
  [[nodiscard]] std::byte* data() { return reinterpret_cast<std::byte*>(memory_.data()); }

 private:
  std::vector<std::max_align_t> memory_;
};

int64_t inputs(const WindowGeometry& w) { return w.batch * w.in_h * w.in_w * w.in_c; }
size_t outputs(const WindowGeometry& w) {
  return static_cast<size_t>(w.batch * w.out_h * w.out_w * w.out_c);
}

Int8Output random_range(Random& random) {
  const auto zero_point = static_cast<int32_t>(pick(random, -128, 127));
  return {zero_point, random.below(2) == 0 ? zero_point : -128, 127};
}

std::vector<int32_t> random_bias(Random& random, int64_t channels) {
  std::vector<int32_t> bias(static_cast<size_t>(channels));
  for (int32_t& value : bias) value = static_cast<int32_t>(pick(random, -100'000, 100'000));
  return bias;
}

TEST(SameBits, Int8Layers) {
  Random random(20);
  Digest digest;
  for (int trial = 0; trial < 100; ++trial) {
    Conv2DGeometry g{random_window(random, true), pick(random, 1, 3)};
    WindowGeometry& w = g.window;
    w.in_c = g.groups * pick(random, 1, 21);
    w.out_c = g.groups * pick(random, 1, 6);
    const auto weights = random_int8(random, g.depth() * w.out_c, -127, 127);
    const auto bias = random_bias(random, w.out_c);
    const auto multiplier = random_floats(random, w.out_c, 1e-4f, 1e-2f);
    const auto negative = random_floats(random, w.out_c, -1e-2f, 1e-2f);
    const auto zero_point = static_cast<int32_t>(pick(random, -128, 127));
    const Int8Output range = random_range(random);
    const auto input = random_int8(random, inputs(w));
    std::vector<int8_t> output(outputs(w));
    Scratch scratch(conv2d_int8_scratch_bytes(g));
    conv2d_int8(
        {g, weights.data(), bias.data(), multiplier.data(), negative.data(), zero_point, range},
        input.data(), output.data(), scratch.data());
    digest.add(output);

    // The same numbers as a depthwise and as a fully connected layer.
    WindowGeometry d = w;
    d.out_c = d.in_c;
    const auto filters = random_int8(random, d.kernel_h * d.kernel_w * d.out_c, -127, 127);
    const auto scales = random_floats(random, d.out_c, 1e-3f, 1e-1f);
    std::vector<int8_t> filtered(outputs(d));
    Scratch sums(depthwise_scratch_bytes(d));
    depthwise_int8({d, filters.data(), nullptr, scales.data(), scales.data(), zero_point, range},
                   input.data(), filtered.data(), sums.data());
    digest.add(filtered);

    const int64_t in = w.in_c, rows = inputs(w) / in;
    const auto matrix = random_int8(random, w.out_c * in, -127, 127);
    std::vector<int8_t> product(static_cast<size_t>(rows * w.out_c));
    const Conv2DGeometry pixels{{1, 1, rows, in, 1, rows, w.out_c}, 1};
    Scratch row(conv2d_int8_scratch_bytes(pixels));
    conv2d_int8(
        {pixels, matrix.data(), bias.data(), multiplier.data(), negative.data(), zero_point, range},
        input.data(), product.data(), row.data());
    digest.add(product);
  }
  EXPECT_EQ(digest.value(), 0x50584769cf7161d7u);
}

TEST(SameBits, FloatLayers) {
  Random random(21);
  Digest digest;
  for (int trial = 0; trial < 100; ++trial) {
    Conv2DGeometry g{random_window(random, true), pick(random, 1, 3)};
    WindowGeometry& w = g.window;
    w.in_c = g.groups * pick(random, 1, 11);
    w.out_c = g.groups * pick(random, 1, 5);
    const auto weights = random_floats(random, g.depth() * w.out_c, -1, 1);
    const auto bias = random_floats(random, w.out_c, -2, 2);
    const auto slope = random_floats(random, w.out_c, -1, 1);
    const auto input = random_floats(random, inputs(w), -1, 1);
    const FloatOutput range{-6, 6, slope.data()};
    std::vector<float> output(outputs(w));
    Scratch scratch(conv2d_float_scratch_bytes(g));
    conv2d_float({g, weights.data(), bias.data(), range}, input.data(), output.data(),
                 scratch.data());
    digest.add(output);

    WindowGeometry d = w;
    d.out_c = d.in_c;
    const auto filters = random_floats(random, d.kernel_h * d.kernel_w * d.out_c, -1, 1);
    std::vector<float> filtered(outputs(d));
    Scratch sums(depthwise_scratch_bytes(d));
    depthwise_float({d, filters.data(), nullptr, {}}, input.data(), filtered.data(), sums.data());
    digest.add(filtered);

    const int64_t in = w.in_c, rows = inputs(w) / in;
    const auto matrix = random_floats(random, w.out_c * in, -1, 1);
    std::vector<float> product(static_cast<size_t>(rows * w.out_c));
    fully_connected_float({rows, in, w.out_c, matrix.data(), bias.data(), {}}, input.data(),
                          product.data());
    digest.add(product);
    matmul_float(rows, in, w.out_c, input.data(), matrix.data(), product.data());
    digest.add(product);
  }
  EXPECT_EQ(digest.value(), 0xfdb300cc7eee38b3u);
}

TEST(SameBits, Elementwise) {
  Random random(22);
  Digest digest;
  const LoopNest loop{3, {5, 7, 11}, {77, 11, 1}, {0, 11, 1}};
  for (int trial = 0; trial < 50; ++trial) {
    const auto a = random_int8(random, 5 * 77), b = random_int8(random, 77);
    const auto scales = random_floats(random, 11, 1e-3f, 1);
    const auto slopes = random_floats(random, 11, -1, 1);
    const Int8Output range = random_range(random);
    std::vector<int8_t> int8(a.size());
    add_int8({loop, -7, 100, scales[0], -scales[1], range}, a.data(), b.data(), int8.data());
    digest.add(int8);
    mul_int8({loop, -7, 100, scales[2] / 64, range}, a.data(), b.data(), int8.data());
    digest.add(int8);
    prelu_int8({35, 11, scales.data(), slopes.data(), 5, range}, a.data(), int8.data());
    digest.add(int8);

    const auto x = random_floats(random, 5 * 77, -3, 3), y = random_floats(random, 77, 0.1f, 3);
    std::vector<float> real(x.size());
    for (const FloatBinary kind : {FloatBinary::kAdd, FloatBinary::kSub, FloatBinary::kMul,
                                   FloatBinary::kDiv, FloatBinary::kMaximum}) {
      binary_float(kind, loop, {}, x.data(), y.data(), real.data());
      digest.add(real);
    }
    prelu_float(35, 11, slopes.data(), x.data(), real.data());
    digest.add(real);
    scale_shift_float(35, 11, 1, scales.data(), slopes.data(), x.data(), real.data());
    digest.add(real);
    for (const FloatUnary kind : {FloatUnary::kHardSwish, FloatUnary::kLeakyRelu}) {
      unary_float({kind, 0.3f, 0}, static_cast<int64_t>(x.size()), x.data(), real.data());
      digest.add(real);
    }

    quantize_int8(scales[3], range, static_cast<int64_t>(x.size()), x.data(), int8.data());
    digest.add(int8);
    const std::vector<int32_t> zero_points(11, range.zero_point);
    dequantize({35, 11, 1, scales.data(), zero_points.data()}, int8.data(), real.data());
    digest.add(real);
  }
  EXPECT_EQ(digest.value(), 0x28a2450050ed7532u);
}

TEST(SameBits, ReductionsAndResizing) {
  Random random(23);
  Digest digest;
  std::vector<int32_t> falling(256);
  for (size_t i = 0; i < 256; ++i) falling[i] = static_cast<int32_t>((size_t{1} << 24) / (1 + i));
  for (int trial = 0; trial < 50; ++trial) {
    WindowGeometry w;
    w.batch = 2;
    w.in_h = w.in_w = 7;
    w.in_c = w.out_c = pick(random, 1, 9);
    w.kernel_h = w.kernel_w = 3;
    w.stride_h = w.stride_w = 2;
    w.pad_top = w.pad_left = 1;
    w.out_h = w.out_w = 4;
    const auto int8 = random_int8(random, inputs(w));
    const auto real = random_floats(random, inputs(w), -3, 3);
    const Int8Output range = random_range(random);
    const auto zero_point = static_cast<int32_t>(pick(random, -128, 127));
    const auto multiplier = random_floats(random, 10, 0.01f, 0.5f);
    Scratch scratch(average_pool_scratch_bytes(w));
    std::vector<int8_t> pooled(outputs(w));
    average_pool_int8({w, false, multiplier.data(), zero_point, range}, int8.data(), pooled.data(),
                      scratch.data());
    digest.add(pooled);
    std::vector<float> pooled_real(outputs(w));
    average_pool_float(w, true, real.data(), pooled_real.data(), scratch.data());
    digest.add(pooled_real);

    const int64_t c = w.in_c;
    const Reduction over_image{{3, {2, 49, c}, {49 * c, c, 1}, {c, 0, 1}}, 2 * c, 49};
    Scratch sums(reduce_scratch_bytes(over_image));
    std::vector<int8_t> mean(static_cast<size_t>(2 * c));
    sum_int8(over_image, zero_point, multiplier[0] / 8, range, int8.data(), mean.data(),
             sums.data());
    digest.add(mean);
    std::vector<float> mean_real(static_cast<size_t>(2 * c));
    for (const FloatReduction kind : {FloatReduction::kMean, FloatReduction::kL2}) {
      reduce_float(kind, over_image, real.data(), mean_real.data(), sums.data());
      digest.add(mean_real);
    }

    const AxisGeometry along{2, 49, c};
    std::vector<int8_t> same(int8.size());
    std::vector<float> same_real(real.size());
    softmax_int8({along, falling.data(), 256.0f, range}, int8.data(), same.data());
    digest.add(same);
    l2_normalize_int8({along, zero_point, 128.0f, range}, int8.data(), same.data());
    digest.add(same);
    l2_normalize_float(along, 1e-6f, real.data(), same_real.data());
    digest.add(same_real);

    std::vector<ResizeTap> taps;
    for (int64_t i = 0; i < 10; ++i) {
      const auto low = static_cast<int32_t>(pick(random, 0, 6));
      taps.push_back({low, std::min(low + 1, 6), static_cast<float>(random.uniform())});
    }
    const ResizeGeometry larger{2, 7, 7, 10, 10, c, taps.data(), taps.data()};
    std::vector<int8_t> resized(static_cast<size_t>(200 * c));
    resize_linear_int8(larger, zero_point, multiplier[1], range, int8.data(), resized.data());
    digest.add(resized);
    std::vector<float> resized_real(static_cast<size_t>(200 * c));
    resize_linear_float(larger, real.data(), resized_real.data());
    digest.add(resized_real);
  }
  EXPECT_EQ(digest.value(), 0x2cc5406ef3f162d2u);
}

}  // namespace
}  // namespace durward
