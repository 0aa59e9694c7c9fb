// The float depthwise convolution for vectors F (floats_avx2.h says what they have): a few output
// pixels side by side, one vector of channels at a time, whose sums stay in registers. Weights,
// bias and slopes are read as the layer has them. For the files that are compiled for an
// instruction set alone.
#pragma once

#include "engine/kernels/depthwise/float_kernels.h"
#include "engine/kernels/float_activation.h"

namespace durward {
namespace {

constexpr int64_t kStripPixels = 8;

// The taps of a window that lie in the image.
struct Taps {
  int64_t first = 0, end = 0;
};

inline Taps taps_inside(int64_t start, int64_t dilation, int64_t kernel, int64_t size) {
  Taps taps{0, kernel};
  while (taps.first < kernel && start + taps.first * dilation < 0) ++taps.first;
  while (taps.end > taps.first && start + (taps.end - 1) * dilation >= size) --taps.end;
  return taps;
}

// Whole vectors, and the vector of the last channels.
template <typename F>
struct WholeVector {
  [[nodiscard]] typename F::Value load(const float* from) const { return F::load(from); }
  void store(float* to, typename F::Value value) const { F::store(to, value); }
};
template <typename F>
struct LastVector {
  [[nodiscard]] typename F::Value load(const float* from) const {
    return F::load_first(from, count);
  }
  void store(float* to, typename F::Value value) const { F::store_first(to, value, count); }
  int64_t count;
};

// Output pixels side by side whose windows have the same taps in the image.
struct Strip {
  const float* image;
  int64_t origin;  // of tap (0, 0) of the first pixel, from the image's start; below 0 above it
  float* output;
  Taps rows, columns;
};

template <typename F>
struct StripLayer {
  explicit StripLayer(const DepthwiseFloat& depthwise)
      : conv(depthwise), activation(depthwise.output) {}

  const DepthwiseFloat& conv;
  FloatActivation<F> activation;
};

// The channels from `c` on, as many as `vector` has.
template <typename F, int kPixels, typename Vector>
void run_channels(const StripLayer<F>& layer, const Strip& strip, int64_t c, const Vector& vector) {
  const DepthwiseFloat& conv = layer.conv;
  const WindowGeometry& w = conv.window;
  const int64_t step = w.stride_w * w.in_c;
  const auto bias = conv.bias == nullptr ? F::set(0.0f) : vector.load(conv.bias + c);
  typename F::Value sums[kPixels];
#pragma GCC unroll 8
  for (int p = 0; p < kPixels; ++p) sums[p] = bias;
  for (int64_t ky = strip.rows.first; ky < strip.rows.end; ++ky) {
    for (int64_t kx = strip.columns.first; kx < strip.columns.end; ++kx) {
      const auto weight = vector.load(conv.weights + (ky * w.kernel_w + kx) * w.out_c + c);
      const int64_t tap = (ky * w.dilation_h * w.in_w + kx * w.dilation_w) * w.in_c;
      const float* input = strip.image + (strip.origin + tap + c);
#pragma GCC unroll 8
      for (int p = 0; p < kPixels; ++p) {
        const auto x = vector.load(input + p * step);
        sums[p] = F::add(sums[p], F::mul(x, weight));
      }
    }
  }
  if (layer.activation.has_slopes) {
    const auto slope = vector.load(conv.output.slope + c);
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) sums[p] = layer.activation.prelu(sums[p], slope);
  }
#pragma GCC unroll 8
  for (int p = 0; p < kPixels; ++p) {
    vector.store(strip.output + p * w.out_c + c, layer.activation.clamp(sums[p]));
  }
}

template <typename F, int kPixels>
void run_strip(const StripLayer<F>& layer, const Strip& strip) {
  const int64_t channels = layer.conv.window.out_c;
  int64_t c = 0;
  for (; c + F::kLanes <= channels; c += F::kLanes) {
    run_channels<F, kPixels>(layer, strip, c, WholeVector<F>{});
  }
  if (c < channels) run_channels<F, kPixels>(layer, strip, c, LastVector<F>{channels - c});
}

// One row of output pixels.
template <typename F>
void run_row(const StripLayer<F>& layer, const float* image, int64_t y, float* output) {
  const WindowGeometry& w = layer.conv.window;
  const int64_t top = y * w.stride_h - w.pad_top;
  const Taps rows = taps_inside(top, w.dilation_h, w.kernel_h, w.in_h);
  for (int64_t x = 0; x < w.out_w;) {
    const int64_t left = x * w.stride_w - w.pad_left;
    const int64_t last = left + (w.kernel_w - 1) * w.dilation_w;
    const Strip strip{image, (top * w.in_w + left) * w.in_c, output + x * w.out_c, rows,
                      taps_inside(left, w.dilation_w, w.kernel_w, w.in_w)};
    const auto inside = [&](int64_t pixels) {
      return left >= 0 && x + pixels <= w.out_w && last + (pixels - 1) * w.stride_w < w.in_w;
    };
    if (inside(kStripPixels)) {
      run_strip<F, kStripPixels>(layer, strip);
      x += kStripPixels;
    } else if (inside(4)) {
      run_strip<F, 4>(layer, strip);
      x += 4;
    } else {
      run_strip<F, 1>(layer, strip);
      ++x;
    }
  }
}

template <typename F>
void run_strips(const DepthwiseFloat& conv, const std::byte*,
                const FloatOperands& operands) noexcept {
  const WindowGeometry& w = conv.window;
  const StripLayer<F> layer(conv);
  float* output = operands.output;
  for (int64_t n = 0; n < w.batch; ++n) {
    const float* image = operands.input + n * w.in_h * w.in_w * w.in_c;
    for (int64_t y = 0; y < w.out_h; ++y, output += w.out_w * w.out_c) {
      run_row<F>(layer, image, y, output);
    }
  }
}

// Layers with one filter per input channel.
template <typename F>
constexpr DepthwiseFloatKernel strip_kernel(Isa isa) {
  return {isa,
          [](const DepthwiseFloat& conv) noexcept { return conv.window.in_c == conv.window.out_c; },
          [](const DepthwiseFloat&) noexcept { return size_t{0}; },
          [](const DepthwiseFloat&, std::byte*) noexcept {},
          [](const DepthwiseFloat&) noexcept { return size_t{0}; },
          run_strips<F>};
}

}  // namespace
}  // namespace durward
