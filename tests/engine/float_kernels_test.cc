// Every float layer kernel that this machine can run has the reference's bits, over whole images
// and over bands of rows, and touches nothing outside its tensors.
#include "engine/kernels/conv2d/float_kernels.h"

#include <gtest/gtest.h>

#include "engine/arithmetic.h"
#include "engine/float_values.h"
#include "engine/guarded.h"
#include "engine/kernels/depthwise/float_kernels.h"
#include "engine/kernels/fully_connected/fully_connected.h"

namespace durward {
namespace {

constexpr size_t kVector = 64;  // what packed weights and scratch are aligned to

size_t inputs(const WindowGeometry& w) {
  return static_cast<size_t>(w.batch * w.in_h * w.in_w * w.in_c);
}
size_t outputs(const WindowGeometry& w) {
  return static_cast<size_t>(w.batch * w.out_h * w.out_w * w.out_c);
}

// What the two families differ in.
struct Conv2D {
  using Layer = Conv2DFloat;
  static std::span<const Conv2DFloatKernel> kernels() { return conv2d_float_kernels(); }
  static WindowGeometry& window(Layer& layer) { return layer.geometry.window; }
  static int64_t weights(const Layer& layer) {
    return layer.geometry.depth() * layer.geometry.window.out_c;
  }

  static Layer random_shape(Random& random) {
    Layer layer;
    Conv2DGeometry& g = layer.geometry;
    WindowGeometry& w = g.window;
    w = random_window(random, true);
    g.groups = random.below(8) == 0 ? 2 : 1;
    if (random.below(3) == 0) {  // a 1x1 convolution, a fully connected layer at times
      w = WindowGeometry{};
      w.batch = pick(random, 1, 3);
      w.out_w = random.below(3) == 0 ? 1 : pick(random, 1, 20);
      w.stride_w = pick(random, 1, 2);
      w.in_w = (w.out_w - 1) * w.stride_w + 1;
    }
    w.in_c = g.groups * pick(random, 1, 70);
    w.out_c = g.groups * pick(random, 1, random.below(4) == 0 ? 200 : 40);
    return layer;
  }
};

struct Depthwise {
  using Layer = DepthwiseFloat;
  static std::span<const DepthwiseFloatKernel> kernels() { return depthwise_float_kernels(); }
  static WindowGeometry& window(Layer& layer) { return layer.window; }
  static int64_t weights(const Layer& layer) {
    return layer.window.kernel_h * layer.window.kernel_w * layer.window.out_c;
  }

  static Layer random_shape(Random& random) {
    Layer layer;
    WindowGeometry& w = layer.window;
    w = random_window(random, true);
    if (random.below(2) == 0) {  // wide enough for pixels side by side
      w.in_w = pick(random, 9, 40);
      w.out_w = pick(random, 1, (w.in_w - 1) / w.stride_w + 1);
    }
    w.in_c = pick(random, 1, 150);
    w.out_c = w.in_c * (random.below(8) == 0 ? 2 : 1);
    return layer;
  }
};

void run_reference(const Conv2DFloat& conv, const float* input, float* output) {
  std::vector<float> scratch(conv2d_float_scratch_bytes(conv.geometry) / sizeof(float));
  conv2d_float(conv, input, output, reinterpret_cast<std::byte*>(scratch.data()));
}
void run_reference(const DepthwiseFloat& conv, const float* input, float* output) {
  std::vector<float> scratch(depthwise_scratch_bytes(conv.window) / sizeof(float));
  depthwise_float(conv, input, output, reinterpret_cast<std::byte*>(scratch.data()));
}

// A layer with the arrays that it points to, in guarded memory.
template <typename Family>
struct GuardedLayer {
  GuardedLayer(Random& random, typename Family::Layer shape)
      : layer(shape),
        weights(random_values(random, Family::weights(layer)), either_end(random)),
        bias(random_values(random, channels()), either_end(random)),
        slope(random_values(random, channels()), either_end(random)) {
    layer.weights = weights.data();
    layer.bias = random.below(4) == 0 ? nullptr : bias.data();
    layer.output.slope = random.below(2) == 0 ? nullptr : slope.data();
    if (random.below(2) == 0) layer.output.min = random.below(2) == 0 ? 0.0f : -0.5f;
    if (random.below(3) == 0) layer.output.max = 6;
  }

  [[nodiscard]] int64_t channels() { return Family::window(layer).out_c; }

  typename Family::Layer layer;
  Guarded<float> weights, bias, slope;
};

template <typename Kernel, typename Layer>
Guarded<float> pack(const Kernel& kernel, const Layer& layer, Random& random) {
  const size_t bytes = kernel.packed_bytes(layer);
  Guarded<float> packed(rubbish(bytes / sizeof(float)), either_end(random), kVector);
  kernel.pack(layer, packed.bytes());
  return packed;
}

template <typename Kernel, typename Layer>
std::vector<float> run(const Kernel& kernel, const Layer& layer, const Guarded<float>& packed,
                       const WindowGeometry& w, const std::vector<float>& input, Random& random) {
  const Guarded<float> in(input, either_end(random));
  const Guarded<float> out(rubbish(outputs(w)), either_end(random));
  const Guarded<float> scratch(rubbish(kernel.scratch_bytes(layer) / sizeof(float)),
                               either_end(random), kVector);
  kernel.run(layer, packed.bytes(), {in.data(), out.data(), scratch.bytes()});
  return out.values();
}

template <typename Family>
std::vector<float> reference(GuardedLayer<Family>& guarded, const std::vector<float>& input) {
  std::vector<float> output(outputs(Family::window(guarded.layer)));
  run_reference(guarded.layer, input.data(), output.data());
  return output;
}

std::string describe(const WindowGeometry& w) {
  const auto text = [](int64_t value) { return std::to_string(value) + " "; };
  return text(w.batch) + text(w.in_h) + text(w.in_w) + text(w.in_c) + "-> " + text(w.out_h) +
         text(w.out_w) + text(w.out_c) + "kernel " + text(w.kernel_h) + text(w.kernel_w) +
         "stride " + text(w.stride_h) + text(w.stride_w) + "dilation " + text(w.dilation_h) +
         text(w.dilation_w) + "pad " + text(w.pad_top) + text(w.pad_left);
}

template <typename Family, typename Kernel>
void expect_reference_bits(const Kernel& kernel, GuardedLayer<Family>& guarded, Random& random) {
  const WindowGeometry& w = Family::window(guarded.layer);
  const auto input = random_values(random, static_cast<int64_t>(inputs(w)));
  const Guarded<float> packed = pack(kernel, guarded.layer, random);
  ASSERT_TRUE(
      same_bits(run(kernel, guarded.layer, packed, w, input, random), reference(guarded, input)))
      << describe(w);
}

// Rows [first, first + count) of the output as a layer of their own over the input rows that they
// read; the first of those is returned.
int64_t make_band(WindowGeometry& w, int64_t first, int64_t count) {
  const int64_t top = first * w.stride_h - w.pad_top;
  const int64_t bottom =
      (first + count - 1) * w.stride_h - w.pad_top + (w.kernel_h - 1) * w.dilation_h;
  const int64_t begin = std::clamp<int64_t>(top, 0, w.in_h - 1);
  w.pad_top = begin - top;
  w.in_h = std::max<int64_t>(std::min(bottom, w.in_h - 1) - begin + 1, 1);
  w.out_h = count;
  return begin;
}

template <typename Family, typename Kernel>
void expect_bands_as_the_whole(const Kernel& kernel, GuardedLayer<Family>& guarded,
                               Random& random) {
  const WindowGeometry whole = Family::window(guarded.layer);
  const auto input = random_values(random, static_cast<int64_t>(inputs(whole)));
  const auto expected = reference(guarded, input);
  const Guarded<float> packed = pack(kernel, guarded.layer, random);
  int64_t count = 0;
  for (int64_t first = 0; first < whole.out_h; first += count) {
    count = pick(random, 1, whole.out_h - first);
    auto band = guarded.layer;
    WindowGeometry& w = Family::window(band);
    const int64_t in_row = whole.in_w * whole.in_c, out_row = whole.out_w * whole.out_c;
    const auto from = input.begin() + make_band(w, first, count) * in_row;
    const auto to = expected.begin() + first * out_row;
    const auto result = run(kernel, band, packed, w, {from, from + w.in_h * in_row}, random);
    ASSERT_TRUE(same_bits(result, {to, to + count * out_row})) << describe(w);
  }
}

template <typename Family>
class FloatKernels : public testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    if (!available(kernel().isa)) GTEST_SKIP() << "this machine lacks " << name(kernel().isa);
  }
  [[nodiscard]] static const auto& kernel() {
    return Family::kernels()[testing::TestWithParam<size_t>::GetParam()];
  }

  void expect_reference_bits_in_random_layers() {
    Random random(1);
    int taken = 0;
    for (int trial = 0; trial < 800; ++trial) {
      GuardedLayer<Family> guarded(random, Family::random_shape(random));
      if (!kernel().takes(guarded.layer)) continue;
      ++taken;
      expect_reference_bits<Family>(kernel(), guarded, random);
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_GT(taken, 600);
  }

  void expect_reference_bits_in_windows_in_the_padding() {
    Random random(5);
    for (int trial = 0; trial < 300; ++trial) {
      auto shape = Family::random_shape(random);
      WindowGeometry& w = Family::window(shape);
      w.dilation_h = pick(random, 1, 9);
      w.dilation_w = pick(random, 1, 9);
      w.pad_top = pick(random, 0, 30);
      w.pad_left = pick(random, 0, 30);
      w.out_h = pick(random, 1, 9);
      w.out_w = pick(random, 1, 20);
      GuardedLayer<Family> guarded(random, shape);
      if (!kernel().takes(guarded.layer)) continue;
      expect_reference_bits<Family>(kernel(), guarded, random);
      if (testing::Test::HasFatalFailure()) return;
    }
  }

  void expect_random_bands_as_the_whole() {
    Random random(2);
    for (int trial = 0; trial < 300; ++trial) {
      auto shape = Family::random_shape(random);
      Family::window(shape).batch = 1;
      GuardedLayer<Family> guarded(random, shape);
      if (!kernel().takes(guarded.layer)) continue;
      expect_bands_as_the_whole<Family>(kernel(), guarded, random);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
};

class Conv2DFloatKernels : public FloatKernels<Conv2D> {};
class DepthwiseFloatKernels : public FloatKernels<Depthwise> {};

TEST_P(Conv2DFloatKernels, HaveTheReferencesBits) { expect_reference_bits_in_random_layers(); }
TEST_P(DepthwiseFloatKernels, HaveTheReferencesBits) { expect_reference_bits_in_random_layers(); }
TEST_P(Conv2DFloatKernels, TakeWindowsThatLieInThePadding) {
  expect_reference_bits_in_windows_in_the_padding();
}
TEST_P(DepthwiseFloatKernels, TakeWindowsThatLieInThePadding) {
  expect_reference_bits_in_windows_in_the_padding();
}
TEST_P(Conv2DFloatKernels, TakeBandsOfRows) { expect_random_bands_as_the_whole(); }
TEST_P(DepthwiseFloatKernels, TakeBandsOfRows) { expect_random_bands_as_the_whole(); }

TEST_P(Conv2DFloatKernels, HaveTheReferencesBitsInDeepAndWideLayers) {
  Random random(3);
  for (const int64_t in : {1, 256, 515}) {
    for (const int64_t out : {1, 15, 64, 127, 128, 129, 515}) {
      Conv2DFloat shape;
      shape.geometry.window.in_w = shape.geometry.window.out_w = pick(random, 1, 37);
      shape.geometry.window.in_c = in;
      shape.geometry.window.out_c = out;
      GuardedLayer<Conv2D> guarded(random, shape);
      expect_reference_bits<Conv2D>(kernel(), guarded, random);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Conv2DFloatKernels, HaveTheBitsOfFullyConnectedLayers) {
  Random random(4);
  for (int trial = 0; trial < 100; ++trial) {
    FullyConnectedFloat fc;
    fc.rows = pick(random, 1, 5);
    fc.in = pick(random, 1, 300);
    fc.out = pick(random, 1, 150);
    Conv2DFloat shape;
    WindowGeometry& w = shape.geometry.window;
    w.in_w = w.out_w = fc.rows;
    w.in_c = fc.in;
    w.out_c = fc.out;
    const GuardedLayer<Conv2D> guarded(random, shape);
    fc.weights = guarded.layer.weights;
    fc.bias = guarded.layer.bias;
    fc.output = guarded.layer.output;
    const auto input = random_values(random, fc.rows * fc.in);
    std::vector<float> expected(outputs(w));
    fully_connected_float(fc, input.data(), expected.data());
    const Guarded<float> packed = pack(kernel(), guarded.layer, random);
    ASSERT_TRUE(same_bits(run(kernel(), guarded.layer, packed, w, input, random), expected))
        << fc.rows << " rows of " << fc.in << " to " << fc.out;
  }
}

template <typename Family>
std::string kernel_name(const testing::TestParamInfo<size_t>& kernel) {
  std::string text = name(Family::kernels()[kernel.param].isa);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, Conv2DFloatKernels,
                         testing::Range(size_t{0}, conv2d_float_kernels().size()),
                         kernel_name<Conv2D>);
INSTANTIATE_TEST_SUITE_P(EachInstructionSet, DepthwiseFloatKernels,
                         testing::Range(size_t{0}, depthwise_float_kernels().size()),
                         kernel_name<Depthwise>);

}  // namespace
}  // namespace durward
