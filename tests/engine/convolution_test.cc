// Convolutions and fully connected layers against nested loops over the definition.
#include <gtest/gtest.h>

#include <cstddef>

#include "engine/arithmetic.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/depthwise/depthwise.h"
#include "engine/kernels/fully_connected/fully_connected.h"
#include "engine/kernels/matmul/matmul.h"

namespace durward {
namespace {

// sum over the window of value(input index, weight index) for a convolution with groups; depthwise
// convolution is the case groups = in_c with the weights' channel last.
template <typename Value>
auto window_sum(const WindowGeometry& w, int64_t groups, bool channel_last, int64_t n, int64_t y,
                int64_t x, int64_t o, const Value& value) {
  decltype(value(size_t{0}, size_t{0})) sum = 0;
  const int64_t channels = w.in_c / groups;
  const int64_t group = o / (w.out_c / groups);
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      for (int64_t i = 0; i < channels; ++i) {
        const int64_t iy = y * w.stride_h + ky * w.dilation_h - w.pad_top;
        const int64_t ix = x * w.stride_w + kx * w.dilation_w - w.pad_left;
        if (iy < 0 || ix < 0 || iy >= w.in_h || ix >= w.in_w) continue;
        const int64_t tap = ky * w.kernel_w + kx;
        const int64_t input = ((n * w.in_h + iy) * w.in_w + ix) * w.in_c + group * channels + i;
        const int64_t weight =
            channel_last ? tap * w.out_c + o : (o * w.kernel_h * w.kernel_w + tap) * channels + i;
        sum += value(static_cast<size_t>(input), static_cast<size_t>(weight));
      }
    }
  }
  return sum;
}

template <typename Visit>
void for_each_output(const WindowGeometry& w, const Visit& visit) {
  size_t index = 0;
  for (int64_t n = 0; n < w.batch; ++n) {
    for (int64_t y = 0; y < w.out_h; ++y) {
      for (int64_t x = 0; x < w.out_w; ++x) {
        for (int64_t o = 0; o < w.out_c; ++o, ++index) visit(index, n, y, x, o);
      }
    }
  }
}

struct Int8Layer {
  std::vector<int8_t> weights;
  std::vector<int32_t> bias;
  std::vector<float> multiplier, negative;
  int32_t zero_point;
  Int8Output output;
};

// Weights at both ends of their range in some layers; multipliers around what fills the output.
Int8Layer random_layer(Random& random, int64_t weights, int64_t channels) {
  Int8Layer layer;
  const bool extreme = random.below(4) == 0;
  layer.weights = random_int8(random, weights, -127, 127);
  if (extreme) {
    for (int8_t& weight : layer.weights) weight = random.below(2) == 0 ? -127 : 127;
  }
  for (int64_t c = 0; c < channels; ++c) {
    layer.bias.push_back(static_cast<int32_t>(pick(random, -100'000, 100'000)));
    const auto multiplier = static_cast<float>(std::exp2(-6 - 8 * random.uniform()));
    layer.multiplier.push_back(multiplier);
    layer.negative.push_back(multiplier * static_cast<float>(random.uniform() * 2 - 1));
  }
  layer.zero_point = static_cast<int32_t>(pick(random, -128, 127));
  const auto out_zero = static_cast<int32_t>(pick(random, -128, 127));
  layer.output = {out_zero, random.below(2) == 0 ? out_zero : -128, 127};
  return layer;
}

TEST(Conv2DInt8, EqualsTheDefinition) {
  Random random(2);
  for (int trial = 0; trial < 400; ++trial) {
    Conv2DGeometry g{random_window(random, true), pick(random, 1, 3)};
    WindowGeometry& w = g.window;
    w.in_c = g.groups * pick(random, 1, 21);
    w.out_c = g.groups * pick(random, 1, 6);
    const Int8Layer layer = random_layer(random, g.depth() * w.out_c, w.out_c);
    const bool with_bias = random.below(3) != 0;
    const auto input = random_int8(random, w.batch * w.in_h * w.in_w * w.in_c);
    std::vector<int8_t> output(static_cast<size_t>(w.batch * w.out_h * w.out_w * w.out_c));
    std::vector<std::max_align_t> scratch(conv2d_int8_scratch_bytes(g) / sizeof(std::max_align_t) +
                                          1);
    conv2d_int8({g, layer.weights.data(), with_bias ? layer.bias.data() : nullptr,
                 layer.multiplier.data(), layer.negative.data(), layer.zero_point, layer.output},
                input.data(), output.data(), reinterpret_cast<std::byte*>(scratch.data()));
    for_each_output(w, [&](size_t index, int64_t n, int64_t y, int64_t x, int64_t o) {
      int64_t sum = window_sum(w, g.groups, false, n, y, x, o, [&](size_t i, size_t k) {
        return (int64_t{input[i]} - layer.zero_point) * layer.weights[k];
      });
      const auto c = static_cast<size_t>(o);
      if (with_bias) sum += layer.bias[c];
      ASSERT_EQ(
          output[index],
          plain_requantize(sum, sum < 0 ? layer.negative[c] : layer.multiplier[c], layer.output));
    });
  }
}

TEST(DepthwiseInt8, EqualsTheDefinition) {
  Random random(3);
  for (int trial = 0; trial < 400; ++trial) {
    WindowGeometry w = random_window(random, true);
    w.in_c = pick(random, 1, 19);
    w.out_c = w.in_c * pick(random, 1, 3);
    const Int8Layer layer = random_layer(random, w.kernel_h * w.kernel_w * w.out_c, w.out_c);
    const auto input = random_int8(random, w.batch * w.in_h * w.in_w * w.in_c);
    std::vector<int8_t> output(static_cast<size_t>(w.batch * w.out_h * w.out_w * w.out_c));
    std::vector<std::max_align_t> scratch(static_cast<size_t>(w.out_c));
    depthwise_int8({w, layer.weights.data(), layer.bias.data(), layer.multiplier.data(),
                    layer.negative.data(), layer.zero_point, layer.output},
                   input.data(), output.data(), reinterpret_cast<std::byte*>(scratch.data()));
    for_each_output(w, [&](size_t index, int64_t n, int64_t y, int64_t x, int64_t o) {
      const auto c = static_cast<size_t>(o);
      const int64_t sum =
          layer.bias[c] + window_sum(w, w.in_c, true, n, y, x, o, [&](size_t i, size_t k) {
            return (int64_t{input[i]} - layer.zero_point) * layer.weights[k];
          });
      ASSERT_EQ(
          output[index],
          plain_requantize(sum, sum < 0 ? layer.negative[c] : layer.multiplier[c], layer.output));
    });
  }
}

// A fully connected layer is a convolution of [1, rows] pixels.
TEST(Conv2DInt8, OfSinglePixelsIsAFullyConnectedLayer) {
  Random random(4);
  for (int trial = 0; trial < 200; ++trial) {
    const int64_t rows = pick(random, 1, 9), in = pick(random, 1, 70), out = pick(random, 1, 9);
    const Int8Layer layer = random_layer(random, in * out, out);
    const auto input = random_int8(random, rows * in);
    std::vector<int8_t> output(static_cast<size_t>(rows * out));
    const Conv2DGeometry g{{1, 1, rows, in, 1, rows, out}, 1};
    std::vector<std::max_align_t> scratch(conv2d_int8_scratch_bytes(g) / sizeof(std::max_align_t) +
                                          1);
    conv2d_int8({g, layer.weights.data(), layer.bias.data(), layer.multiplier.data(),
                 layer.negative.data(), layer.zero_point, layer.output},
                input.data(), output.data(), reinterpret_cast<std::byte*>(scratch.data()));
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t o = 0; o < out; ++o) {
        const auto c = static_cast<size_t>(o);
        int64_t sum = layer.bias[c];
        for (int64_t i = 0; i < in; ++i) {
          sum += (int64_t{input[static_cast<size_t>(r * in + i)]} - layer.zero_point) *
                 layer.weights[static_cast<size_t>(o * in + i)];
        }
        ASSERT_EQ(
            output[static_cast<size_t>(r * out + o)],
            plain_requantize(sum, sum < 0 ? layer.negative[c] : layer.multiplier[c], layer.output));
      }
    }
  }
}

// Float kernels against double: what float32 sums of this length may lose.
constexpr double kTolerance = 2e-5;

double plain_activation(double value, double slope, const FloatOutput& output) {
  if (output.slope != nullptr && value < 0) value *= slope;
  return std::clamp(value, double{output.min}, double{output.max});
}

TEST(ConvolutionFloat, AgreesWithDouble) {
  Random random(5);
  for (int trial = 0; trial < 300; ++trial) {
    const bool depthwise = random.below(2) == 0;
    Conv2DGeometry g{random_window(random, true), 1};
    WindowGeometry& w = g.window;
    g.groups = depthwise ? pick(random, 1, 9) : pick(random, 1, 3);
    w.in_c = depthwise ? g.groups : g.groups * pick(random, 1, 11);
    w.out_c = g.groups * pick(random, 1, 5);
    const auto weights = random_floats(random, g.depth() * w.out_c, -1, 1);
    const auto bias = random_floats(random, w.out_c, -2, 2);
    const auto slope = random_floats(random, w.out_c, -1, 1);
    const auto input = random_floats(random, w.batch * w.in_h * w.in_w * w.in_c, -1, 1);
    FloatOutput range;
    if (random.below(2) == 0) range = {0, 6, nullptr};
    if (random.below(2) == 0) range = {range.min, range.max, slope.data()};
    std::vector<float> output(static_cast<size_t>(w.batch * w.out_h * w.out_w * w.out_c));
    std::vector<std::max_align_t> scratch(conv2d_float_scratch_bytes(g) / sizeof(std::max_align_t) +
                                          static_cast<size_t>(w.out_c) + 1);
    auto* memory = reinterpret_cast<std::byte*>(scratch.data());
    if (depthwise) {
      depthwise_float({w, weights.data(), bias.data(), range}, input.data(), output.data(), memory);
    } else {
      conv2d_float({g, weights.data(), bias.data(), range}, input.data(), output.data(), memory);
    }
    for_each_output(w, [&](size_t index, int64_t n, int64_t y, int64_t x, int64_t o) {
      const auto c = static_cast<size_t>(o);
      const double sum =
          bias[c] + window_sum(w, g.groups, depthwise, n, y, x, o,
                               [&](size_t i, size_t k) { return double{input[i]} * weights[k]; });
      ASSERT_NEAR(output[index], plain_activation(sum, slope[c], range), kTolerance);
    });
  }
}

TEST(MatMulFloat, IsThePlainProduct) {
  const float a[] = {1, 2, 3, 4, 5, 6};     // 2x3
  const float b[] = {7, 8, 9, 10, 11, 12};  // 3x2
  float product[4], transposed[4];
  matmul_float(2, 3, 2, a, b, product);
  const float expected[] = {58, 64, 139, 154};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(product[i], expected[i]);
  // The fully connected layer takes the second matrix by output.
  const float b_by_output[] = {7, 9, 11, 8, 10, 12};
  fully_connected_float({2, 3, 2, b_by_output, nullptr, {}}, a, transposed);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(transposed[i], expected[i]);
}

}  // namespace
}  // namespace durward
