// The float convolution for vectors F (floats_avx2.h says what they have): tiles of a few output
// pixels by a few vectors of output channels, whose sums stay in registers while k ascends. For the
// files that are compiled for an instruction set alone.
#pragma once

#include "engine/kernels/conv2d/float_kernels.h"
#include "engine/kernels/float_activation.h"

namespace durward {
namespace {

constexpr int kTilePixels = 6;

// Where things lie in packed memory, in floats: bias and slopes [channels], then the weights
// [groups, depth, channels of the group]. Channels are rounded up to whole vectors, zeros behind; a
// group is what a tile computes together, the last one maybe narrower.
template <typename F>
struct FloatPacking {
  static constexpr int64_t kGroup = F::kTileVectors * F::kLanes;

  explicit FloatPacking(const Conv2DFloat& conv)
      : depth(conv.geometry.window.kernel_h * conv.geometry.window.kernel_w *
              conv.geometry.window.in_c),
        channels((conv.geometry.window.out_c + F::kLanes - 1) / F::kLanes * F::kLanes) {}

  [[nodiscard]] int64_t slopes() const { return channels; }
  [[nodiscard]] int64_t weights() const { return 2 * channels; }
  [[nodiscard]] int64_t floats() const { return (2 + depth) * channels; }
  // Channels of the group that begins at `first`.
  [[nodiscard]] int64_t width(int64_t first) const {
    return channels - first < kGroup ? channels - first : kGroup;
  }

  int64_t depth, channels;
};

inline void copy_padded(const float* from, int64_t count, int64_t padded, float* to) {
  for (int64_t i = 0; i < padded; ++i) to[i] = from != nullptr && i < count ? from[i] : 0.0f;
}

template <typename F>
void pack_tiles(const Conv2DFloat& conv, std::byte* packed) noexcept {
  const FloatPacking<F> layout(conv);
  const int64_t out_c = conv.geometry.window.out_c;
  auto* floats = reinterpret_cast<float*>(packed);
  copy_padded(conv.bias, out_c, layout.channels, floats);
  copy_padded(conv.output.slope, out_c, layout.channels, floats + layout.slopes());
  float* weights = floats + layout.weights();
  for (int64_t first = 0; first < layout.channels; first += layout.kGroup) {
    const int64_t width = layout.width(first);
    for (int64_t i = 0; i < width; ++i) {
      const int64_t o = first + i;
      for (int64_t k = 0; k < layout.depth; ++k) {
        weights[k * width + i] = o < out_c ? conv.weights[o * layout.depth + k] : 0.0f;
      }
    }
    weights += width * layout.depth;
  }
}

// What the tiles of a call have in common.
template <typename F>
struct TileLayer {
  TileLayer(const Conv2DFloat& conv, const std::byte* packed)
      : layout(conv),
        bias(reinterpret_cast<const float*>(packed)),
        slopes(bias + layout.slopes()),
        weights(bias + layout.weights()),
        out_c(conv.geometry.window.out_c),
        activation(conv.output) {}

  FloatPacking<F> layout;
  const float* bias;
  const float* slopes;
  const float* weights;
  int64_t out_c;
  FloatActivation<F> activation;
};

// The inputs under each pixel of a tile, in the weights' order: runs of `length` with gaps between
// them. A window that lies in the image is read there, a run for each of its rows.
struct TileRows {
  const float* row[kTilePixels];
  int64_t length, gap;
};

// `sums` is [pixels, kVectors]. A loop over the pixels: what it takes longer than their code side
// by side is little beside the sums, and their code would be several times that of the sums.
template <typename F, int kVectors>
[[gnu::noinline]] void finish_tile(const TileLayer<F>& layer, const typename F::Value* sums,
                                   int64_t pixels, int64_t first, float* output) {
  const FloatActivation<F> activation = layer.activation;
  typename F::Value bias[kVectors], slope[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    bias[v] = F::load(layer.bias + first + v * F::kLanes);
    slope[v] = F::load(layer.slopes + first + v * F::kLanes);
  }
  for (int64_t p = 0; p < pixels; ++p, sums += kVectors) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      auto value = F::add(sums[v], bias[v]);
      if (activation.has_slopes) value = activation.prelu(value, slope[v]);
      value = activation.clamp(value);
      const int64_t channel = first + v * F::kLanes;
      const int64_t left = layer.out_c - channel;
      float* to = output + p * layer.out_c + channel;
      if (left >= F::kLanes) {
        F::store(to, value);
      } else {
        F::store_first(to, value, left);
      }
    }
  }
}

// One group's channels, from `first` on, of kPixels pixels. Its sums take nearly all registers:
// inlined, they would compete with the caller's values.
template <typename F, int kPixels, int kVectors>
[[gnu::noinline]] void run_group(const TileLayer<F>& layer, const TileRows& rows, int64_t first,
                                 float* output) {
  typename F::Value sums[kPixels][kVectors];
#pragma GCC unroll 6
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[p][v] = F::set(0.0f);
  }
  constexpr int64_t kWidth = kVectors * F::kLanes;
  const float* weights = layer.weights + first * layer.layout.depth;
  const float* const weights_end = weights + layer.layout.depth * kWidth;
  for (int64_t k = 0; weights != weights_end; k += rows.gap) {
    const float* const run_end = weights + rows.length * kWidth;
    for (; weights != run_end; weights += kWidth, ++k) {
      typename F::Value weight[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) weight[v] = F::load(weights + v * F::kLanes);
#pragma GCC unroll 6
      for (int p = 0; p < kPixels; ++p) {
        const auto x = F::set(rows.row[p][k]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[p][v] = F::add(sums[p][v], F::mul(x, weight[v]));
      }
    }
  }
  finish_tile<F, kVectors>(layer, &sums[0][0], kPixels, first, output);
}

template <typename F, int kPixels>
void run_tile(const TileLayer<F>& layer, const TileRows& rows, float* output) {
  static_assert(F::kTileVectors <= 4);
  for (int64_t first = 0; first < layer.layout.channels; first += layer.layout.kGroup) {
    switch (layer.layout.width(first) / F::kLanes) {
      case 1:
        run_group<F, kPixels, 1>(layer, rows, first, output);
        break;
      case 2:
        run_group<F, kPixels, 2>(layer, rows, first, output);
        break;
      case 3:
        if constexpr (F::kTileVectors > 2) run_group<F, kPixels, 3>(layer, rows, first, output);
        break;
      default:
        if constexpr (F::kTileVectors > 2) run_group<F, kPixels, 4>(layer, rows, first, output);
    }
  }
}

// An output pixel.
struct Pixel {
  int64_t image = 0, y = 0, x = 0;

  void advance(const WindowGeometry& w) {
    if (++x < w.out_w) return;
    x = 0;
    if (++y < w.out_h) return;
    y = 0;
    ++image;
  }
};

// Whether the window is one input pixel that always lies in the image: nothing is ever copied.
inline bool reads_pixels(const WindowGeometry& w) {
  return w.kernel_h == 1 && w.kernel_w == 1 && w.pad_top == 0 && w.pad_left == 0 &&
         (w.out_h - 1) * w.stride_h < w.in_h && (w.out_w - 1) * w.stride_w < w.in_w;
}

// Whether the window under a pixel lies in the image, its rows without gaps.
inline bool is_in_image(const WindowGeometry& w, const Pixel& pixel) {
  const int64_t top = pixel.y * w.stride_h - w.pad_top;
  const int64_t left = pixel.x * w.stride_w - w.pad_left;
  return (w.kernel_w == 1 || w.dilation_w == 1) && top >= 0 && left >= 0 &&
         top + (w.kernel_h - 1) * w.dilation_h < w.in_h && left + w.kernel_w <= w.in_w;
}

// Copies `count` floats and up to kLanes - 1 zeros behind them.
template <typename F>
void copy_floats(const float* from, int64_t count, float* to) {
  for (; count > F::kLanes; count -= F::kLanes, from += F::kLanes, to += F::kLanes) {
    F::store(to, F::load(from));
  }
  F::store(to, F::load_first(from, count));
}

template <typename F>
void fill_zeros(int64_t count, float* to) {
  for (int64_t i = 0; i < count; i += F::kLanes) F::store(to + i, F::set(0.0f));
}

// Copies the inputs under an output pixel to `to`; zeros where the window hangs over the edge. Up
// to kLanes - 1 floats behind them are written too.
template <typename F>
void copy_window(const WindowGeometry& w, const float* input, const Pixel& pixel, float* to) {
  const float* image = input + pixel.image * w.in_h * w.in_w * w.in_c;
  const int64_t left = pixel.x * w.stride_w - w.pad_left;
  const int64_t reach = (w.kernel_w - 1) * w.dilation_w;
  const bool whole_rows = w.dilation_w == 1 && left >= 0 && left + reach < w.in_w;
  for (int64_t ky = 0; ky < w.kernel_h; ++ky, to += w.kernel_w * w.in_c) {
    const int64_t y = pixel.y * w.stride_h - w.pad_top + ky * w.dilation_h;
    if (y < 0 || y >= w.in_h) {
      fill_zeros<F>(w.kernel_w * w.in_c, to);
      continue;
    }
    const float* row = image + y * w.in_w * w.in_c;
    if (whole_rows) {
      copy_floats<F>(row + left * w.in_c, w.kernel_w * w.in_c, to);
      continue;
    }
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      const int64_t x = left + kx * w.dilation_w;
      if (x < 0 || x >= w.in_w) {
        fill_zeros<F>(w.in_c, to + kx * w.in_c);
      } else {
        copy_floats<F>(row + x * w.in_c, w.in_c, to + kx * w.in_c);
      }
    }
  }
}

// Where the window under a pixel begins.
inline const float* window_begin(const WindowGeometry& w, const float* input, const Pixel& pixel) {
  const int64_t y = pixel.image * w.in_h + pixel.y * w.stride_h - w.pad_top;
  return input + (y * w.in_w + pixel.x * w.stride_w - w.pad_left) * w.in_c;
}

inline bool are_in_image(const WindowGeometry& w, int64_t count, Pixel pixel) {
  if (reads_pixels(w)) return true;
  for (int64_t p = 0; p < count; ++p, pixel.advance(w)) {
    if (!is_in_image(w, pixel)) return false;
  }
  return true;
}

// The rows of the `count` pixels from `pixel` on, which moves behind them; copies of the windows
// where one of them is not in the image.
template <typename F>
TileRows tile_rows(const WindowGeometry& w, const FloatOperands& operands, int64_t depth,
                   int64_t count, Pixel& pixel) {
  TileRows rows;
  if (are_in_image(w, count, pixel)) {
    rows.length = w.kernel_w * w.in_c;
    rows.gap = w.dilation_h * w.in_w * w.in_c - rows.length;
    for (int64_t p = 0; p < count; ++p, pixel.advance(w)) {
      rows.row[p] = window_begin(w, operands.input, pixel);
    }
    return rows;
  }
  auto* patches = reinterpret_cast<float*>(operands.scratch);
  rows.length = depth;
  rows.gap = 0;
  for (int64_t p = 0; p < count; ++p, pixel.advance(w)) {
    copy_window<F>(w, operands.input, pixel, patches + p * depth);
    rows.row[p] = patches + p * depth;
  }
  return rows;
}

template <typename F>
void run_tiles(const Conv2DFloat& conv, const std::byte* packed,
               const FloatOperands& operands) noexcept {
  const WindowGeometry& w = conv.geometry.window;
  const TileLayer<F> layer(conv, packed);
  const auto rows = [&](int64_t count, Pixel& pixel) {
    return tile_rows<F>(w, operands, layer.layout.depth, count, pixel);
  };
  Pixel pixel;
  float* output = operands.output;
  int64_t left = w.batch * w.out_h * w.out_w;
  for (; left >= kTilePixels; left -= kTilePixels, output += kTilePixels * w.out_c) {
    run_tile<F, kTilePixels>(layer, rows(kTilePixels, pixel), output);
  }
  for (; left > 0; --left, output += w.out_c) run_tile<F, 1>(layer, rows(1, pixel), output);
}

template <typename F>
constexpr Conv2DFloatKernel tile_kernel(Isa isa) {
  return {isa,
          [](const Conv2DFloat& conv) noexcept { return conv.geometry.groups == 1; },
          [](const Conv2DFloat& conv) noexcept {
            return static_cast<size_t>(FloatPacking<F>(conv).floats()) * sizeof(float);
          },
          pack_tiles<F>,
          [](const Conv2DFloat& conv) noexcept {
            if (reads_pixels(conv.geometry.window)) return size_t{0};
            const int64_t floats = kTilePixels * FloatPacking<F>(conv).depth + F::kLanes;
            return static_cast<size_t>(floats) * sizeof(float);
          },
          run_tiles<F>};
}

}  // namespace
}  // namespace durward
