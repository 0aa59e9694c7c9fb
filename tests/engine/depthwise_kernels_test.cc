// Every int8 depthwise kernel that was built against the reference: equal bits, and nothing touched
// outside the tensors.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include "engine/arithmetic.h"
#include "engine/guarded.h"
#include "engine/kernels/depthwise/kernels.h"

namespace durward {
namespace {

int64_t input_count(const WindowGeometry& w) { return w.batch * w.in_h * w.in_w * w.in_c; }
int64_t output_count(const WindowGeometry& w) { return w.batch * w.out_h * w.out_w * w.out_c; }

// A layer with its data; `layer()` points into it.
struct Case {
  WindowGeometry window;
  std::vector<int8_t> weights, input, addend;
  std::vector<int32_t> bias;
  std::vector<float> multiplier, negative;
  int32_t zero_point = 0;
  Int8Output output;
  bool adds = false;
  FusedAdd add;

  [[nodiscard]] DepthwiseInt8 layer() const {
    return {.window = window,
            .weights = weights.data(),
            .bias = bias.empty() ? nullptr : bias.data(),
            .multiplier = multiplier.data(),
            .multiplier_negative = negative.data(),
            .input_zero_point = zero_point,
            .output = output};
  }
};

int32_t random_zero_point(Random& random) {
  switch (random.below(4)) {
    case 0:
      return -128;
    case 1:
      return 127;
    default:
      return static_cast<int32_t>(pick(random, -128, 127));
  }
}

Int8Output random_output(Random& random) {
  const int32_t zero_point = random_zero_point(random);
  switch (random.below(3)) {
    case 0:
      return {zero_point, zero_point, static_cast<int32_t>(pick(random, zero_point, 127))};
    case 1:
      return {zero_point, -128, static_cast<int32_t>(pick(random, -128, 127))};
    default:
      return {zero_point, -128, 127};
  }
}

// Half of the layers have powers of two, which make many ties.
std::vector<float> random_multipliers(Random& random, int64_t channels, int64_t taps) {
  const bool ties = random.below(2) == 0;
  const double spread = 5000.0 * std::sqrt(static_cast<double>(taps));
  std::vector<float> multipliers(static_cast<size_t>(channels));
  for (float& multiplier : multipliers) {
    const double exponent = std::log2(60 / spread) + 4 * random.uniform() - 2;
    multiplier = static_cast<float>(std::exp2(ties ? std::floor(exponent) : exponent));
  }
  return multipliers;
}

// Values over the whole range, or only at its ends.
std::vector<int8_t> random_values(Random& random, int64_t count, int low, int high) {
  std::vector<int8_t> values = random_int8(random, count, low, high);
  if (random.below(4) == 0) {
    for (int8_t& value : values) value = static_cast<int8_t>(value < 0 ? low : high);
  }
  return values;
}

FusedAdd random_add(Random& random) {
  return {.zero_point = random_zero_point(random),
          .addend_zero_point = random_zero_point(random),
          .multiplier = static_cast<float>(random.uniform() * 1.5),
          .addend_multiplier =
              random.below(4) == 0 ? 0.5f : static_cast<float>(random.uniform() * 3 - 1.5),
          .output = random_output(random)};
}

Case random_case(Random& random, const WindowGeometry& window) {
  const int64_t taps = window.kernel_h * window.kernel_w;
  Case c;
  c.window = window;
  c.weights = random_values(random, taps * window.out_c, -127, 127);
  c.input = random_values(random, input_count(window), -128, 127);
  if (random.below(4) != 0) {
    for (int64_t i = 0; i < window.out_c; ++i) {
      c.bias.push_back(static_cast<int32_t>(pick(random, -50'000, 50'000)));
    }
  }
  c.multiplier = random_multipliers(random, window.out_c, taps);
  c.negative = c.multiplier;
  if (random.below(2) == 0) {
    for (float& multiplier : c.negative) {
      multiplier *= static_cast<float>(random.uniform() * 2 - 1);
    }
  }
  c.zero_point = random_zero_point(random);
  c.output = random_output(random);
  c.adds = random.below(3) == 0;
  if (c.adds) {
    c.add = random_add(random);
    c.addend = random_values(random, output_count(window), -128, 127);
  }
  return c;
}

// The reference function, then the addition as numerics.md has it.
std::vector<int8_t> expected(const Case& c) {
  std::vector<int32_t> scratch(depthwise_scratch_bytes(c.window) / sizeof(int32_t) + 1);
  std::vector<int8_t> result(static_cast<size_t>(output_count(c.window)));
  depthwise_int8(c.layer(), c.input.data(), result.data(),
                 reinterpret_cast<std::byte*>(scratch.data()));
  if (!c.adds) return result;
  for (size_t i = 0; i < result.size(); ++i) {
    const float own = static_cast<float>(result[i] - c.add.zero_point) * c.add.multiplier;
    const float other =
        static_cast<float>(c.addend[i] - c.add.addend_zero_point) * c.add.addend_multiplier;
    result[i] = round_to_int8(own + other, c.add.output);
  }
  return result;
}

constexpr size_t kAlignment = 64;

// Packs a layer and runs it, every tensor between forbidden pages.
class Packed {
 public:
  Packed(const DepthwiseKernel& kernel, const Case& c, Guard guard)
      : kernel_(kernel),
        guard_(guard),
        weights_(c.weights, guard),
        bias_(c.bias, guard),
        multiplier_(c.multiplier, guard),
        negative_(c.negative, guard),
        layer_(c.layer()),
        packed_(kernel.packed_bytes(layer_), guard, kAlignment) {
    layer_.weights = weights_.data();
    if (layer_.bias != nullptr) layer_.bias = bias_.data();
    layer_.multiplier = multiplier_.data();
    layer_.multiplier_negative = negative_.data();
    kernel.pack(layer_, packed_.data());
    EXPECT_TRUE(packed_.padding_intact());
  }

  // The rows that `window` describes, of a batch of 1 or of the whole layer.
  std::vector<int8_t> run(const WindowGeometry& window, const std::vector<int8_t>& input,
                          const FusedAdd* add, const std::vector<int8_t>& addend) {
    DepthwiseInt8 layer = layer_;
    layer.window = window;
    Guarded<int8_t> in(input, guard_), other(addend, guard_);
    Guarded<int8_t> out(static_cast<size_t>(output_count(window)), guard_);
    Guarded<std::byte> scratch(kernel_.scratch_bytes(layer), guard_, kAlignment);
    kernel_.run(layer, packed_.data(), add,
                {.input = in.data(),
                 .addend = other.data(),
                 .output = out.data(),
                 .scratch = scratch.data()});
    EXPECT_TRUE(out.padding_intact());
    EXPECT_TRUE(scratch.padding_intact());
    return out.values();
  }

 private:
  const DepthwiseKernel& kernel_;
  Guard guard_;
  Guarded<int8_t> weights_;
  Guarded<int32_t> bias_;
  Guarded<float> multiplier_, negative_;
  DepthwiseInt8 layer_;
  Guarded<std::byte> packed_;
};

std::string describe(const WindowGeometry& w) {
  const auto pair = [](int64_t a, int64_t b) {
    return std::to_string(a) + "x" + std::to_string(b);
  };
  return std::to_string(w.batch) + " x " + pair(w.in_h, w.in_w) + "x" + std::to_string(w.in_c) +
         " -> " + pair(w.out_h, w.out_w) + "x" + std::to_string(w.out_c) + ", kernel " +
         pair(w.kernel_h, w.kernel_w) + ", stride " + pair(w.stride_h, w.stride_w) + ", dilation " +
         pair(w.dilation_h, w.dilation_w) + ", padding " + pair(w.pad_top, w.pad_left);
}

void expect_reference_bits(const DepthwiseKernel& kernel, const Case& c) {
  if (!kernel.takes(c.layer())) return;
  const std::vector<int8_t> wanted = expected(c);
  for (const Guard guard : {Guard::kBefore, Guard::kBehind}) {
    Packed packed(kernel, c, guard);
    ASSERT_EQ(packed.run(c.window, c.input, c.adds ? &c.add : nullptr, c.addend), wanted)
        << describe(c.window);
  }
}

int64_t random_channels(Random& random) {
  return random.below(4) == 0 ? pick(random, 1, 515) : pick(random, 1, 70);
}

int64_t output_size(int64_t in, int64_t kernel, int64_t dilation, int64_t stride, int64_t padding) {
  return std::max<int64_t>(0, in + padding - (kernel - 1) * dilation - 1) / stride + 1;
}

// One of the common kernels over an image of up to 13 x 13, also one smaller than the kernel.
WindowGeometry common_window(Random& random) {
  WindowGeometry w;
  w.batch = pick(random, 1, 2);
  w.in_h = pick(random, 1, 13);
  w.in_w = pick(random, 1, 13);
  w.kernel_h = w.kernel_w = random.below(2) == 0 ? 3 : 5;
  w.stride_h = w.stride_w = pick(random, 1, 2);
  w.pad_top = pick(random, 0, w.kernel_h - 1);
  w.pad_left = pick(random, 0, w.kernel_w - 1);
  w.out_h = output_size(w.in_h, w.kernel_h, 1, w.stride_h, w.pad_top + pick(random, 0, 4));
  w.out_w = output_size(w.in_w, w.kernel_w, 1, w.stride_w, w.pad_left + pick(random, 0, 4));
  w.in_c = w.out_c = random_channels(random);
  return w;
}

// A square layer of a face network: `pad` all around.
WindowGeometry face_window(int64_t size, int64_t channels, int64_t kernel, int64_t stride,
                           int64_t pad) {
  WindowGeometry w;
  w.in_h = w.in_w = size;
  w.in_c = w.out_c = channels;
  w.kernel_h = w.kernel_w = kernel;
  w.stride_h = w.stride_w = stride;
  w.pad_top = w.pad_left = pad;
  w.out_h = w.out_w = output_size(size, kernel, 1, stride, 2 * pad);
  return w;
}

class DepthwiseKernels : public testing::TestWithParam<DepthwiseKernel> {
 protected:
  void SetUp() override {
    if (!available(GetParam().isa)) {
      GTEST_SKIP() << "this machine has no " << name(GetParam().isa);
    }
  }
};

TEST_P(DepthwiseKernels, EqualTheReferenceOnCommonLayers) {
  Random random(1);
  for (int trial = 0; trial < 300; ++trial) {
    expect_reference_bits(GetParam(), random_case(random, common_window(random)));
    if (HasFailure()) return;
  }
}

TEST_P(DepthwiseKernels, EqualTheReferenceOnAnyWindow) {
  Random random(2);
  for (int trial = 0; trial < 300; ++trial) {
    WindowGeometry w = random_window(random, true);
    w.in_c = random_channels(random);
    w.out_c = w.in_c * (random.below(4) == 0 ? pick(random, 2, 3) : 1);
    expect_reference_bits(GetParam(), random_case(random, w));
    if (HasFailure()) return;
  }
}

TEST_P(DepthwiseKernels, EqualTheReferenceOnFaceNetworks) {
  Random random(3);
  const WindowGeometry windows[] = {
      face_window(56, 64, 3, 1, 1),  face_window(56, 128, 3, 2, 1), face_window(28, 128, 3, 1, 1),
      face_window(28, 256, 3, 2, 1), face_window(14, 256, 3, 1, 1), face_window(14, 512, 3, 2, 1),
      face_window(7, 256, 3, 1, 1),  face_window(7, 512, 7, 1, 0),  face_window(30, 24, 5, 1, 2),
      face_window(31, 40, 5, 2, 2),  face_window(4, 515, 4, 1, 0)};
  for (const WindowGeometry& window : windows) {
    EXPECT_TRUE(GetParam().takes(random_case(random, window).layer())) << describe(window);
    expect_reference_bits(GetParam(), random_case(random, window));
    if (HasFailure()) return;
  }
}

// The largest sums that 3x3 and 5x5 windows can have, of either sign.
TEST_P(DepthwiseKernels, EqualTheReferenceAtTheEndsOfTheRange) {
  Random random(4);
  for (const int64_t kernel : {3, 5}) {
    for (const int weight : {-127, 127}) {
      for (const int value : {-128, 127}) {
        for (const int zero_point : {-128, 0, 127}) {
          Case c = random_case(random, face_window(11, 37, kernel, 1, 1));
          std::fill(c.weights.begin(), c.weights.end(), static_cast<int8_t>(weight));
          std::fill(c.input.begin(), c.input.end(), static_cast<int8_t>(value));
          c.zero_point = zero_point;
          expect_reference_bits(GetParam(), c);
          c.multiplier.assign(c.multiplier.size(), 500.0f);  // far beyond the output's range
          expect_reference_bits(GetParam(), c);
          if (HasFailure()) return;
        }
      }
    }
  }
}

// The most negative weight of int8 does not occur in our own models; others may have it.
TEST_P(DepthwiseKernels, TakeAWeightOfMinus128) {
  Random random(5);
  Case c = random_case(random, face_window(9, 35, 3, 1, 1));
  std::fill(c.weights.begin(), c.weights.end(), int8_t{-128});
  std::fill(c.input.begin(), c.input.end(), int8_t{-128});
  for (const int zero_point : {-128, 127}) {
    c.zero_point = zero_point;
    expect_reference_bits(GetParam(), c);
    if (HasFailure()) return;
  }
}

TEST_P(DepthwiseKernels, GiveTheLowestValueForNaN) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Random random(6);
  Case c = random_case(random, face_window(6, 67, 3, 1, 1));
  c.output = {3, -100, 90};
  c.adds = true;
  c.addend.assign(static_cast<size_t>(output_count(c.window)), int8_t{5});
  c.add.output = {-7, -90, 80};
  for (const float multiplier : {kNaN, kInfinity, -kInfinity, 1e30f}) {
    c.add.multiplier = multiplier;
    expect_reference_bits(GetParam(), c);
  }
  c.adds = false;  // kernels may leave such layers to the portable one
  c.multiplier.assign(c.multiplier.size(), kNaN);
  c.negative.assign(c.negative.size(), kInfinity);
  expect_reference_bits(GetParam(), c);
}

// What one packing serves: the rows of a layer, a few at a time, each with the input rows that it
// needs and nothing else.
TEST_P(DepthwiseKernels, RunBandsOfRows) {
  Random random(7);
  for (int trial = 0; trial < 100; ++trial) {
    WindowGeometry w = common_window(random);
    w.batch = 1;
    w.in_h = pick(random, w.kernel_h, 13);
    w.out_h =
        output_size(w.in_h, w.kernel_h, 1, w.stride_h, w.pad_top + pick(random, 0, w.kernel_h - 1));
    const Case c = random_case(random, w);
    if (!GetParam().takes(c.layer())) continue;
    const std::vector<int8_t> wanted = expected(c);
    const int64_t in_row = w.in_w * w.in_c, out_row = w.out_w * w.out_c;
    Packed packed(GetParam(), c, Guard::kBehind);
    for (int64_t y = 0; y < w.out_h;) {
      WindowGeometry band = w;
      band.out_h = std::min(pick(random, 1, 4), w.out_h - y);
      const int64_t top = y * w.stride_h - w.pad_top;
      const int64_t bottom = top + (band.out_h - 1) * w.stride_h + w.kernel_h;
      const int64_t first = std::max<int64_t>(0, top);
      band.in_h = std::min(bottom, w.in_h) - first;
      band.pad_top = first - top;
      const auto rows = [](const std::vector<int8_t>& from, int64_t begin, int64_t count) {
        return std::vector<int8_t>(from.begin() + begin, from.begin() + begin + count);
      };
      const auto addend = c.adds ? rows(c.addend, y * out_row, band.out_h * out_row) : c.addend;
      ASSERT_EQ(packed.run(band, rows(c.input, first * in_row, band.in_h * in_row),
                           c.adds ? &c.add : nullptr, addend),
                rows(wanted, y * out_row, band.out_h * out_row))
          << describe(band);
      y += band.out_h;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, DepthwiseKernels,
                         testing::ValuesIn(depthwise_kernels().begin(), depthwise_kernels().end()),
                         [](const auto& test) {
                           std::string isa = name(test.param.isa);
                           std::replace(isa.begin(), isa.end(), '-', '_');
                           return isa;
                         });

}  // namespace
}  // namespace durward
