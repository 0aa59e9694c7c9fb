// Every int8 convolution kernel that this machine can run has the reference's bits, over whole
// images and over bands of rows, and touches nothing outside its tensors.
#include <gtest/gtest.h>

#include <limits>

#include "engine/arithmetic.h"
#include "engine/guarded.h"
#include "engine/kernels/conv2d/kernels.h"
#include "engine/kernels/portable.h"

namespace durward {
namespace {

// A layer with the arrays that it points to.
struct Layer {
  Conv2DInt8 conv;
  std::vector<int8_t> weights;
  std::vector<int32_t> bias;
  std::vector<float> multiplier, negative;
  bool has_add = false;
  FusedAdd add;

  [[nodiscard]] const WindowGeometry& window() const { return conv.geometry.window; }
  [[nodiscard]] const FusedAdd* fused() const { return has_add ? &add : nullptr; }
};

size_t inputs(const WindowGeometry& w) {
  return static_cast<size_t>(w.batch * w.in_h * w.in_w * w.in_c);
}
size_t outputs(const WindowGeometry& w) {
  return static_cast<size_t>(w.batch * w.out_h * w.out_w * w.out_c);
}

// Any zero point, the ends of the range often.
int32_t random_zero_point(Random& random) {
  const int32_t ends[] = {-128, 127};
  if (random.below(3) == 0) return ends[random.below(2)];
  return static_cast<int32_t>(pick(random, -128, 127));
}

// The whole range, a ReLU's or a ReLU6's.
Int8Output random_range(Random& random) {
  Int8Output range{random_zero_point(random), -128, 127};
  const uint64_t activation = random.below(3);
  if (activation > 0) range.lowest = range.zero_point;
  if (activation > 1) range.highest = static_cast<int32_t>(pick(random, range.lowest, 127));
  return range;
}

FusedAdd random_add(Random& random, const Int8Output& result) {
  FusedAdd add;
  add.zero_point = result.zero_point;
  add.addend_zero_point = random_zero_point(random);
  add.multiplier = static_cast<float>(random.uniform() * 2);
  add.addend_multiplier = static_cast<float>(random.uniform() * 2 - 1);
  add.output = random_range(random);
  return add;
}

// Values anywhere in the range, or only at its two ends, or all at one of them.
std::vector<int8_t> random_or_extreme(Random& random, int64_t count, int8_t low, int8_t high) {
  std::vector<int8_t> values = random_int8(random, count, low, high);
  const uint64_t kind = random.below(6);
  if (kind > 1) return values;
  const int8_t one_end = random.below(2) == 0 ? low : high;
  for (int8_t& value : values) value = kind == 0 ? one_end : (value < 0 ? low : high);
  return values;
}

// Biases up to what a model has, or as large as int32 has room for beside the products.
std::vector<int32_t> random_bias(Random& random, int64_t channels, int64_t depth) {
  const int64_t room = std::numeric_limits<int32_t>::max() - 255 * 127 * depth;
  const int64_t limit = random.below(4) == 0 ? room : 100'000;
  std::vector<int32_t> bias(static_cast<size_t>(channels));
  for (int32_t& value : bias) value = static_cast<int32_t>(pick(random, -limit, limit));
  return bias;
}

// Multipliers that fill the output's range; those for negative accumulators the same, or with any
// slope. A few are what only a broken model has: the bits are defined for them too.
void add_multipliers(Random& random, Layer& layer) {
  const double spread = 127.0 * 64 * std::sqrt(static_cast<double>(layer.conv.geometry.depth()));
  const bool prelu = random.below(2) == 0;
  const bool broken = random.below(8) == 0;
  const float odd[] = {std::numeric_limits<float>::quiet_NaN(),
                       std::numeric_limits<float>::infinity(), -1e30f, 0.0f};
  for (int64_t c = 0; c < layer.window().out_c; ++c) {
    auto multiplier = static_cast<float>(std::exp2(8 * random.uniform() - 2) * 32 / spread);
    if (broken && random.below(4) == 0) multiplier = odd[random.below(4)];
    layer.multiplier.push_back(multiplier);
    const auto slope = static_cast<float>(prelu ? random.uniform() * 2 - 1 : 1.0);
    layer.negative.push_back(multiplier * slope);
  }
}

Layer make_layer(Random& random, const Conv2DGeometry& geometry) {
  Layer layer;
  layer.conv.geometry = geometry;
  const int64_t channels = geometry.window.out_c;
  layer.weights = random_or_extreme(random, geometry.depth() * channels, -127, 127);
  layer.bias = random_bias(random, channels, geometry.depth());
  add_multipliers(random, layer);
  layer.conv.weights = layer.weights.data();
  layer.conv.bias = random.below(4) == 0 ? nullptr : layer.bias.data();
  layer.conv.multiplier = layer.multiplier.data();
  layer.conv.multiplier_negative = layer.negative.data();
  layer.conv.input_zero_point = random_zero_point(random);
  layer.conv.output = random_range(random);
  layer.has_add = random.below(2) == 0;
  layer.add = random_add(random, layer.conv.output);
  return layer;
}

// A 1x1 convolution over up to 80 pixels (a fully connected layer has 1), strided at times.
Conv2DGeometry random_pointwise(Random& random) {
  Conv2DGeometry g;
  WindowGeometry& w = g.window;
  w.batch = pick(random, 1, 3);
  w.out_h = pick(random, 1, 4);
  w.out_w = random.below(3) == 0 ? 1 : pick(random, 1, 20);
  w.stride_h = w.stride_w = random.below(4) == 0 ? 2 : 1;
  w.in_h = (w.out_h - 1) * w.stride_h + 1;
  w.in_w = (w.out_w - 1) * w.stride_w + 1;
  w.in_c = pick(random, 1, 260);
  w.out_c = pick(random, 1, 150);
  return g;
}

Conv2DGeometry random_general(Random& random) {
  Conv2DGeometry g{random_window(random, true), random.below(3) == 0 ? pick(random, 2, 3) : 1};
  g.window.in_c = g.groups * (random.below(3) == 0 ? 3 : pick(random, 1, 70));
  g.window.out_c = g.groups * pick(random, 1, 70);
  return g;
}

// What speech has: height 1, a long window with gaps.
Conv2DGeometry random_one_dimensional(Random& random) {
  Conv2DGeometry g;
  WindowGeometry& w = g.window;
  w.kernel_w = pick(random, 1, 5);
  w.dilation_w = pick(random, 1, 4);
  w.stride_w = pick(random, 1, 2);
  w.pad_left = pick(random, 0, (w.kernel_w - 1) * w.dilation_w);
  w.out_w = pick(random, 1, 70);
  w.in_w = pick(random, 1, w.out_w * w.stride_w);
  w.in_c = pick(random, 1, 90);
  w.out_c = pick(random, 1, 90);
  return g;
}

Conv2DGeometry random_geometry(Random& random) {
  switch (random.below(3)) {
    case 0:
      return random_pointwise(random);
    case 1:
      return random_general(random);
    default:
      return random_one_dimensional(random);
  }
}

std::vector<int8_t> reference(const Layer& layer, const std::vector<int8_t>& input,
                              const std::vector<int8_t>& addend) {
  std::vector<int8_t> output(outputs(layer.window()));
  std::vector<int32_t> scratch(conv2d_int8_scratch_bytes(layer.conv.geometry) / sizeof(int32_t) +
                               1);
  conv2d_int8(layer.conv, input.data(), output.data(),
              reinterpret_cast<std::byte*>(scratch.data()));
  if (layer.has_add) {
    run_fused_add(layer.add, addend.data(), output.data(), static_cast<int64_t>(output.size()));
  }
  return output;
}

constexpr size_t kVector = 64;  // what packed weights and scratch are aligned to
constexpr std::byte kRubbish{0xa5};

Guarded<std::byte> guarded_rubbish(size_t bytes, Guard guard) {
  return {bytes, kRubbish, guard, kVector};
}

Guarded<std::byte> pack(const Conv2DKernel& kernel, const Layer& layer, Random& random) {
  const Guarded<int8_t> weights(layer.weights, either_end(random));
  Conv2DInt8 conv = layer.conv;
  conv.weights = weights.data();
  Guarded<std::byte> packed = guarded_rubbish(kernel.packed_bytes(conv), either_end(random));
  kernel.pack(conv, packed.data());
  return packed;
}

std::vector<int8_t> run(const Conv2DKernel& kernel, const Layer& layer, const std::byte* packed,
                        const std::vector<int8_t>& input, const std::vector<int8_t>& addend,
                        Random& random) {
  const Guarded<int8_t> in(input, either_end(random));
  const Guarded<int8_t> other(addend, either_end(random));
  const Guarded<int8_t> out(outputs(layer.window()), 85, either_end(random));
  const Guarded<std::byte> scratch =
      guarded_rubbish(kernel.scratch_bytes(layer.conv), either_end(random));
  kernel.run(layer.conv, packed, layer.fused(),
             {in.data(), layer.has_add ? other.data() : nullptr, out.data(), scratch.data()});
  return out.values();
}

std::string describe(const Layer& layer) {
  const WindowGeometry& w = layer.window();
  return testing::PrintToString(std::vector<int64_t>{
      w.batch, w.in_h, w.in_w, w.in_c, w.out_h, w.out_w, w.out_c, w.kernel_h, w.kernel_w,
      w.stride_h, w.stride_w, w.dilation_h, w.dilation_w, w.pad_top, w.pad_left,
      layer.conv.geometry.groups, layer.conv.input_zero_point, int64_t{layer.has_add}});
}

void expect_reference_bits(const Conv2DKernel& kernel, const Layer& layer, Random& random) {
  const WindowGeometry& w = layer.window();
  const auto input = random_or_extreme(random, static_cast<int64_t>(inputs(w)), -128, 127);
  const auto addend = random_int8(random, static_cast<int64_t>(outputs(w)));
  const Guarded<std::byte> packed = pack(kernel, layer, random);
  ASSERT_EQ(run(kernel, layer, packed.data(), input, addend, random),
            reference(layer, input, addend))
      << describe(layer);
}

// Rows first..first + count - 1 of a layer's output, as a layer over the input rows under them.
struct Band {
  Layer layer;
  int64_t first_input_row;
};

Band band_of(const Layer& whole, int64_t first, int64_t count) {
  Band band{whole, 0};
  WindowGeometry& w = band.layer.conv.geometry.window;
  const int64_t top = first * w.stride_h - w.pad_top;
  const int64_t bottom =
      (first + count - 1) * w.stride_h - w.pad_top + (w.kernel_h - 1) * w.dilation_h;
  band.first_input_row = std::max<int64_t>(top, 0);
  w.pad_top = band.first_input_row - top;
  w.in_h = std::min(bottom, w.in_h - 1) - band.first_input_row + 1;
  w.in_h = std::max<int64_t>(w.in_h, 1);
  w.out_h = count;
  return band;
}

template <typename Iterator>
std::vector<int8_t> rows(Iterator begin, int64_t first, int64_t count, int64_t length) {
  return {begin + first * length, begin + (first + count) * length};
}

class Conv2DKernels : public testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    if (!available(kernel().isa)) GTEST_SKIP() << "this machine lacks " << name(kernel().isa);
  }
  [[nodiscard]] static const Conv2DKernel& kernel() { return conv2d_kernels()[GetParam()]; }
};

TEST_P(Conv2DKernels, HaveTheReferencesBits) {
  Random random(1);
  int taken = 0;
  for (int trial = 0; trial < 600; ++trial) {
    const Layer layer = make_layer(random, random_geometry(random));
    if (!kernel().takes(layer.conv)) continue;
    ++taken;
    expect_reference_bits(kernel(), layer, random);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(taken, 400);
}

TEST_P(Conv2DKernels, HaveTheReferencesBitsInDeepAndWideLayers) {
  Random random(2);
  for (const int64_t channels : {255, 256, 257, 320, 383, 448, 511, 512, 513, 515}) {
    for (const int64_t other : {1, 17, 64, 100, 128, 515}) {
      Conv2DGeometry g;
      g.window.in_w = g.window.out_w = pick(random, 1, 37);
      g.window.in_c = channels;
      g.window.out_c = other;
      expect_reference_bits(kernel(), make_layer(random, g), random);
      g.window.kernel_w = 3;
      g.window.pad_left = 1;
      g.window.in_c = other;
      g.window.out_c = channels;
      expect_reference_bits(kernel(), make_layer(random, g), random);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Conv2DKernels, TakeBandsOfRowsWithTheWholeLayersWeights) {
  Random random(3);
  for (int trial = 0; trial < 300; ++trial) {
    Conv2DGeometry g = random_general(random);
    g.window.batch = 1;
    const Layer layer = make_layer(random, g);
    if (!kernel().takes(layer.conv)) continue;
    const WindowGeometry& w = layer.window();
    const auto input = random_int8(random, static_cast<int64_t>(inputs(w)));
    const auto addend = random_int8(random, static_cast<int64_t>(outputs(w)));
    const auto expected = reference(layer, input, addend);
    const Guarded<std::byte> packed = pack(kernel(), layer, random);
    int64_t count = 0;
    for (int64_t first = 0; first < w.out_h; first += count) {
      count = pick(random, 1, w.out_h - first);
      const Band band = band_of(layer, first, count);
      const int64_t in_row = w.in_w * w.in_c, out_row = w.out_w * w.out_c;
      ASSERT_EQ(run(kernel(), band.layer, packed.data(),
                    rows(input.begin(), band.first_input_row, band.layer.window().in_h, in_row),
                    rows(addend.begin(), first, count, out_row), random),
                rows(expected.begin(), first, count, out_row))
          << describe(band.layer);
    }
  }
}

TEST_P(Conv2DKernels, HaveTheReferencesBitsInTheLayersOfFaceNetworks) {
  Random random(4);
  struct Shape {
    int64_t in_size, in_c, out_c, kernel, stride;
  };
  for (const Shape& shape : std::initializer_list<Shape>{{112, 3, 64, 3, 2},
                                                         {56, 64, 128, 1, 1},
                                                         {28, 128, 64, 1, 1},
                                                         {14, 256, 128, 1, 1},
                                                         {7, 128, 512, 1, 1},
                                                         {14, 64, 64, 3, 1},
                                                         {1, 512, 128, 1, 1}}) {
    Conv2DGeometry g;
    WindowGeometry& w = g.window;
    w.in_h = w.in_w = shape.in_size;
    w.out_h = w.out_w = shape.in_size / shape.stride;
    w.in_c = shape.in_c;
    w.out_c = shape.out_c;
    w.kernel_h = w.kernel_w = shape.kernel;
    w.stride_h = w.stride_w = shape.stride;
    w.pad_top = w.pad_left = shape.kernel == 3 && shape.stride == 1 ? 1 : 0;
    const Layer layer = make_layer(random, g);
    ASSERT_TRUE(kernel().takes(layer.conv));
    expect_reference_bits(kernel(), layer, random);
    if (HasFatalFailure()) return;
  }
}

std::string kernel_name(const testing::TestParamInfo<size_t>& kernel) {
  std::string text = name(conv2d_kernels()[kernel.param].isa);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, Conv2DKernels,
                         testing::Range(size_t{0}, conv2d_kernels().size()), kernel_name);

}  // namespace
}  // namespace durward
