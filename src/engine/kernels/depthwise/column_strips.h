// Depthwise convolution with one output channel per input channel, for vectors of any instruction
// set. Only files compiled for one include this; each instantiates it with its Vectors.
//
// A block of channels and a few rows of output at a time:
// 1. The input columns that a tile of output pixels needs are written to scratch, the window's rows
//    interleaved: the kTaps values of one channel side by side, as the instruction that multiplies
//    and sums within a lane wants them. Here, and only here, are the borders of the image: what is
//    outside reads as the zero point.
// 2. Each output pixel sums its columns' products, an accumulator per channel, and requantises.
//
// Where the stacked rows leave room (3 rows of 4), a second row of output shares the columns: its
// weights are those of the first, moved down by the stride. What a stack has too much meets weights
// of zero. The input's zero point is part of the bias.
//
// Vectors:
//   kTaps                       values of one channel in a 32-bit lane
//   kInputOffset                what interleave adds to the input's values
//   Vector                      Ymm or Zmm: a block of int8, or a quarter of its accumulators
//   Weight                      what a weight is in a lane: kTaps of them
//   interleave(rows, stack)     writes kNarrowed vectors: kTaps rows as lanes; in lane 4 * l + j of
//                               vector v is channel 4 * (kNarrowed * l + v) + j
//   dot(sums, stack, weights)   sums + the products in each lane
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/depthwise/depthwise.h"
#include "engine/kernels/x86_requantize.h"

namespace durward {
namespace {

// std::min and std::max have external linkage (kernels/layer_kernel.h).
inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
inline float absolute(float value) { return value < 0 ? -value : value; }

template <typename V>
class ColumnStrips {
 public:
  static bool takes(const DepthwiseInt8& conv) noexcept {
    return conv.window.in_c == conv.window.out_c && steps_fit_int32(conv);
  }

  static size_t packed_bytes(const DepthwiseInt8& conv) noexcept {
    return static_cast<size_t>(kHeaderBytes + blocks(conv.window) * block_bytes(conv.window));
  }

  static void pack(const DepthwiseInt8& conv, std::byte* packed) noexcept {
    reinterpret_cast<Header*>(packed)->per_sign = differ_by_sign(conv);
    packed += kHeaderBytes;
    for (int64_t b = 0; b < blocks(conv.window); ++b) {
      pack_block(conv, first_channel(conv.window, b), packed + b * block_bytes(conv.window));
    }
  }

  static size_t scratch_bytes(const DepthwiseInt8& conv) noexcept {
    const WindowGeometry& w = conv.window;
    return static_cast<size_t>(columns(w, tile_width(w)) * stacks(w) * kStackBytes);
  }

  static void run(const DepthwiseInt8& conv, const std::byte* packed, const FusedAdd* add,
                  const LayerOperands& operands) noexcept {
    const FusedAdd sum = add == nullptr ? FusedAdd{} : *add;
    const Run r{conv,
                Range(conv.output),
                Range(sum.output),
                Adder<Vector>(conv.output, sum),
                add != nullptr,
                reinterpret_cast<const Header*>(packed)->per_sign,
                packed + kHeaderBytes,
                operands};
    for (int64_t n = 0; n < conv.window.batch; ++n) {
      for (int64_t y = 0; y < conv.window.out_h;) y += run_rows(r, n, y);
    }
  }

 private:
  using Vector = typename V::Vector;
  using Range = Int8Range<Vector>;
  using Bytes = typename Vector::Int;

  static constexpr int64_t kLanes = Vector::kLanes;
  static constexpr int64_t kChannels = kNarrowed * kLanes;
  static constexpr int64_t kStackBytes = kChannels * 4;
  // Half of a small first-level cache, beside the rows of input and output.
  static constexpr int64_t kStripBytes = int64_t{16} * 1024;
  static constexpr int64_t kMaxRows = 2;

  template <int kRows>
  using Sums = typename Vector::Int[kRows][kNarrowed];

  // What `packed` begins with.
  struct Header {
    bool per_sign;
  };
  static constexpr int64_t kHeaderBytes = 64;

  struct Run {
    const DepthwiseInt8& conv;
    Range range, sum_range;
    Adder<Vector> adder;
    bool adds, per_sign;
    const std::byte* packed;
    const LayerOperands& operands;
  };

  // Output pixels beside each other in 1 or 2 rows, a block of channels of each.
  struct Tile {
    int64_t batch, y, x, width, channel;
    int count;  // channels of the block that exist: kChannels but for layers that have fewer

    // A constant in the code that whole blocks have to themselves.
    template <bool kWhole>
    [[nodiscard]] int channels() const {
      return kWhole ? static_cast<int>(kChannels) : count;
    }
  };

  // Whether no result before clamping can leave int32, so that it need not be cut off. This holds
  // for all but broken layers, whose multipliers are infinite, say.
  static bool steps_fit_int32(const DepthwiseInt8& conv) {
    constexpr float kLimit = 0x1p30f;
    const WindowGeometry& w = conv.window;
    const float products = 255 * 128 * static_cast<float>(w.kernel_h * w.kernel_w);
    for (int64_t c = 0; c < w.out_c; ++c) {
      const float bias = conv.bias == nullptr ? 0 : static_cast<float>(conv.bias[c]);
      const float sum = products + absolute(bias);
      const bool fits = absolute(conv.multiplier[c]) * sum <= kLimit &&
                        absolute(conv.multiplier_negative[c]) * sum <= kLimit;
      if (!fits) return false;
    }
    return true;
  }

  static bool differ_by_sign(const DepthwiseInt8& conv) {
    for (int64_t c = 0; c < conv.window.out_c; ++c) {
      if (conv.multiplier[c] != conv.multiplier_negative[c]) return true;
    }
    return false;
  }

  static int64_t blocks(const WindowGeometry& w) { return (w.out_c + kChannels - 1) / kChannels; }

  // The last block reaches back over channels of the one before it, rather than beyond the tensor.
  static int64_t first_channel(const WindowGeometry& w, int64_t block) {
    return larger(0, smaller(block * kChannels, w.out_c - kChannels));
  }

  // Vectors of stacked rows in a column.
  static int64_t stacks(const WindowGeometry& w) { return (w.kernel_h + V::kTaps - 1) / V::kTaps; }

  // Rows of output that one stack of rows serves.
  static int64_t rows_together(const WindowGeometry& w) {
    if (w.dilation_h != 1) return 1;
    return smaller(kMaxRows, 1 + (stacks(w) * V::kTaps - w.kernel_h) / w.stride_h);
  }

  static int64_t columns(const WindowGeometry& w, int64_t width) {
    return (width - 1) * w.stride_w + (w.kernel_w - 1) * w.dilation_w + 1;
  }

  static int64_t tile_width(const WindowGeometry& w) {
    const int64_t room = kStripBytes / (stacks(w) * kStackBytes) - columns(w, 1);
    return smaller(w.out_w, larger(0, room) / w.stride_w + 1);
  }

  // A block: biases, multipliers, those of negative accumulators; then, for each row of output that
  // shares stacks, the weights of each stack of each column.
  static int64_t weight_bytes(const WindowGeometry& w) {
    return w.kernel_w * stacks(w) * kStackBytes;
  }
  static int64_t block_bytes(const WindowGeometry& w) {
    return 3 * kStackBytes + rows_together(w) * weight_bytes(w);
  }

  static int64_t channel_of_lane(int64_t lane) {
    const int64_t v = lane / kLanes, l = lane % kLanes / 4, j = lane % 4;
    return 4 * (kNarrowed * l + v) + j;
  }

  static void pack_block(const DepthwiseInt8& conv, int64_t first, std::byte* packed) {
    const WindowGeometry& w = conv.window;
    auto* bias = reinterpret_cast<int32_t*>(packed);
    auto* multiplier = reinterpret_cast<float*>(packed + kStackBytes);
    auto* negative = reinterpret_cast<float*>(packed + 2 * kStackBytes);
    for (int64_t lane = 0; lane < kChannels; ++lane) {
      const int64_t c = first + channel_of_lane(lane);
      const bool exists = c < w.out_c;
      bias[lane] = exists ? folded_bias(conv, c) : 0;
      multiplier[lane] = exists ? conv.multiplier[c] : 0;
      negative[lane] = exists ? conv.multiplier_negative[c] : 0;
    }
    auto* weights = reinterpret_cast<typename V::Weight*>(packed + 3 * kStackBytes);
    for (int64_t row = 0; row < rows_together(w); ++row) {
      for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
        for (int64_t stack = 0; stack < stacks(w); ++stack, weights += kChannels * V::kTaps) {
          pack_stack(conv, first, kx, stack * V::kTaps - row * w.stride_h, weights);
        }
      }
    }
  }

  // Rows `top` and following of the window's column kx; zeros outside the window.
  static void pack_stack(const DepthwiseInt8& conv, int64_t first, int64_t kx, int64_t top,
                         typename V::Weight* weights) {
    const WindowGeometry& w = conv.window;
    for (int64_t lane = 0; lane < kChannels; ++lane) {
      const int64_t c = first + channel_of_lane(lane);
      for (int64_t ky = top; ky < top + V::kTaps; ++ky, ++weights) {
        const bool exists = c < w.out_c && ky >= 0 && ky < w.kernel_h;
        *weights = exists ? conv.weights[(ky * w.kernel_w + kx) * w.out_c + c] : int8_t{0};
      }
    }
  }

  // The sum modulo 2^32, as the accumulators have it: it may leave int32 where they end inside.
  static int32_t folded_bias(const DepthwiseInt8& conv, int64_t channel) {
    const WindowGeometry& w = conv.window;
    const auto zero_point = static_cast<uint32_t>(conv.input_zero_point + V::kInputOffset);
    auto sum = conv.bias == nullptr ? 0u : static_cast<uint32_t>(conv.bias[channel]);
    for (int64_t tap = 0; tap < w.kernel_h * w.kernel_w; ++tap) {
      sum -= zero_point * static_cast<uint32_t>(conv.weights[tap * w.out_c + channel]);
    }
    return static_cast<int32_t>(sum);
  }

  // Returns how many rows it did.
  static int64_t run_rows(const Run& r, int64_t n, int64_t y) {
    const WindowGeometry& w = r.conv.window;
    const int64_t rows = smaller(rows_together(w), w.out_h - y);
    const int64_t most = tile_width(w);
    for (int64_t b = 0; b < blocks(w); ++b) {
      const std::byte* packed = r.packed + b * block_bytes(w);
      const auto count = static_cast<int>(smaller(w.out_c, kChannels));
      for (int64_t x = 0; x < w.out_w; x += most) {
        const Tile tile{n, y, x, smaller(most, w.out_w - x), first_channel(w, b), count};
        if (count == kChannels) {
          run_tile<true>(r, tile, rows, packed);
        } else {
          run_tile<false>(r, tile, rows, packed);
        }
      }
    }
    return rows;
  }

  template <bool kWhole>
  static void run_tile(const Run& r, const Tile& tile, int64_t rows, const std::byte* packed) {
    const WindowGeometry& w = r.conv.window;
    const int64_t used = (rows - 1) * w.stride_h + w.kernel_h;
    for (int64_t stack = 0; stack < stacks(w); ++stack) {
      interleave_stack<kWhole>(r, tile, stack, used);
    }
    if (rows == 1) {
      run_tile_rows<1, kWhole>(r, tile, packed);
    } else {
      run_tile_rows<2, kWhole>(r, tile, packed);
    }
  }

  // One stack of every column of the tile.
  template <bool kWhole>
  static void interleave_stack(const Run& r, const Tile& tile, int64_t stack, int64_t used) {
    const WindowGeometry& w = r.conv.window;
    const int64_t left = tile.x * w.stride_w - w.pad_left;
    const int64_t end = columns(w, tile.width);
    const int64_t inside = smaller(end, larger(0, -left));
    const int64_t behind = larger(inside, smaller(end, w.in_w - left));
    const int64_t step = stacks(w) * kStackBytes;
    std::byte* to = r.operands.scratch + stack * kStackBytes;
    const int8_t* rows[V::kTaps];
    int first_rows = 0;  // inside the image, one after the other
    for (int tap = 0; tap < V::kTaps; ++tap) {
      rows[tap] = input_row(r, tile, stack * V::kTaps + tap, used);
      if (rows[tap] == nullptr) continue;
      rows[tap] += (left + inside) * w.in_c;
      if (first_rows == tap) ++first_rows;
    }
    const bool rest_unused = used - stack * V::kTaps <= first_rows;
    interleave_outside(r, inside, step, to);
    if (!rest_unused || first_rows < V::kTaps - 1) {
      interleave_inside<0, kWhole>(r, tile, rows, behind - inside, to + inside * step);
    } else if (first_rows == V::kTaps) {
      interleave_inside<V::kTaps, kWhole>(r, tile, rows, behind - inside, to + inside * step);
    } else {
      interleave_inside<V::kTaps - 1, kWhole>(r, tile, rows, behind - inside, to + inside * step);
    }
    interleave_outside(r, end - behind, step, to + behind * step);
  }

  // Row i of the stacked ones, at the tile's first channel; nullptr for one outside the image, and
  // for one that no weight but zero meets.
  static const int8_t* input_row(const Run& r, const Tile& tile, int64_t i, int64_t used) {
    const WindowGeometry& w = r.conv.window;
    const int64_t y = tile.y * w.stride_h - w.pad_top + i * w.dilation_h;
    if (i >= used || y < 0 || y >= w.in_h) return nullptr;
    return r.operands.input + (tile.batch * w.in_h + y) * w.in_w * w.in_c + tile.channel;
  }

  static void interleave_outside(const Run& r, int64_t count, int64_t step, std::byte* to) {
    Bytes taps[V::kTaps];
    for (auto& tap : taps) tap = Vector::set8(r.conv.input_zero_point);
    for (int64_t column = 0; column < count; ++column) V::interleave(taps, to + column * step);
  }

  // Columns of the image. With kRows > 0, of the first kRows rows: the others meet weights of zero.
  template <int kRows, bool kWhole>
  static void interleave_inside(const Run& r, const Tile& tile, const int8_t* const* rows,
                                int64_t count, std::byte* to) {
    const Bytes outside = Vector::set8(r.conv.input_zero_point);
    const int64_t pitch = r.conv.window.in_c, step = stacks(r.conv.window) * kStackBytes;
    const int channels = tile.template channels<kWhole>();
    for (int64_t column = 0; column < count; ++column) {
      Bytes taps[V::kTaps];
#pragma GCC unroll 4
      for (int tap = 0; tap < V::kTaps; ++tap) {
        const bool read = kRows > 0 ? tap < kRows : rows[tap] != nullptr;
        taps[tap] = read ? Vector::load_bytes(rows[tap] + column * pitch, channels) : outside;
      }
      V::interleave(taps, to + column * step);
    }
  }

  // What is common has code of its own: square windows of 3 and 5, nothing added.
  template <int kRows, bool kWhole>
  static void run_tile_rows(const Run& r, const Tile& tile, const std::byte* packed) {
    if constexpr (kWhole) {
      if (is_plain<3>(r) && !r.per_sign) return run_pixels<kRows, true, 3, false>(r, tile, packed);
      if (is_plain<5>(r)) return run_pixels<kRows, true, 5, true>(r, tile, packed);
    }
    if (is_plain<3>(r)) return run_pixels<kRows, kWhole, 3, true>(r, tile, packed);
    run_pixels<kRows, kWhole, 0, true>(r, tile, packed);
  }

  static constexpr int stacks_of(int kernel_h) { return (kernel_h + V::kTaps - 1) / V::kTaps; }

  template <int kSide>
  static bool is_plain(const Run& r) {
    const WindowGeometry& w = r.conv.window;
    return w.kernel_w == kSide && w.dilation_w == 1 && stacks(w) == stacks_of(kSide) && !r.adds;
  }

  template <int kRows, bool kWhole, int kSide, bool kPerSign>
  static void run_pixels(const Run& r, const Tile& tile, const std::byte* packed) {
    const WindowGeometry& w = r.conv.window;
    // Copies, because what is stored to memory might change what is behind references.
    const int64_t stride = w.stride_w * stacks(w) * kStackBytes;
    const int64_t out_c = w.out_c, out_row = w.out_w * w.out_c, width = tile.width;
    const int64_t first = (tile.batch * w.out_h + tile.y) * out_row + tile.x * out_c + tile.channel;
    const int count = tile.template channels<kWhole>();
    const auto* bias = reinterpret_cast<const int32_t*>(packed);
    const auto* multiplier = reinterpret_cast<const float*>(packed + kStackBytes);
    const auto* negative = reinterpret_cast<const float*>(packed + 2 * kStackBytes);
    const std::byte* weights = packed + 3 * kStackBytes;
    const std::byte* strip = r.operands.scratch;
    const Range range = r.range;
    int8_t* output = r.operands.output + first;
    for (int64_t x = 0; x < width; ++x, strip += stride, output += out_c) {
      Sums<kRows> sums;
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
        for (int v = 0; v < kNarrowed; ++v) sums[row][v] = Vector::load(bias + v * kLanes);
      }
      if constexpr (kSide != 0) {
        sum_square<kRows, kSide>(strip, weights, sums);
      } else {
        sum_columns<kRows>(w, strip, weights, sums);
      }
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
        typename Vector::Float steps[kNarrowed];
        scale<kPerSign>(sums[row], multiplier, negative, steps);
        if (kSide == 0 && r.adds) {
          const int8_t* addend = r.operands.addend + first + row * out_row + x * out_c;
          add_behind(r, Vector::load_bytes(addend, count), steps);
          Vector::store_bytes(output + row * out_row, r.sum_range.narrow(steps), count);
        } else {
          Vector::store_bytes(output + row * out_row, range.narrow(steps), count);
        }
      }
    }
  }

  template <bool kPerSign>
  static inline void scale(const typename Vector::Int (&sums)[kNarrowed], const float* multiplier,
                           const float* negative, typename Vector::Float (&steps)[kNarrowed]) {
#pragma GCC unroll 4
    for (int v = 0; v < kNarrowed; ++v) {
      const auto exact = Vector::to_float(sums[v]);
      const auto positive = Vector::load(multiplier + v * kLanes);
      steps[v] = kPerSign ? Vector::mul_by_sign(sums[v], exact, positive,
                                                Vector::load(negative + v * kLanes))
                          : Vector::mul(exact, positive);
    }
  }

  static inline void add_behind(const Run& r, Bytes addend,
                                typename Vector::Float (&steps)[kNarrowed]) {
    addend = r.adder.unsigned_addend(addend);
#pragma GCC unroll 4
    for (int v = 0; v < kNarrowed; ++v) {
      steps[v] = r.sum_range.clamp(r.adder.sum(steps[v], addend, v));
    }
  }

  template <int kRows, int kSide>
  static inline void sum_square(const std::byte* strip, const std::byte* weights,
                                Sums<kRows>& sums) {
    constexpr int kStacks = kSide * stacks_of(kSide);
#pragma GCC unroll 15
    for (int64_t i = 0; i < kStacks; ++i) {
      add_products<kRows>(strip + i * kStackBytes, weights + i * kStackBytes, kStacks * kStackBytes,
                          sums);
    }
  }

  template <int kRows>
  static inline void sum_columns(const WindowGeometry& w, const std::byte* strip,
                                 const std::byte* weights, Sums<kRows>& sums) {
    const int64_t count = stacks(w), row_weights = weight_bytes(w);
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      const std::byte* column = strip + kx * w.dilation_w * count * kStackBytes;
      for (int64_t i = 0; i < count; ++i, weights += kStackBytes) {
        add_products<kRows>(column + i * kStackBytes, weights, row_weights, sums);
      }
    }
  }

  template <int kRows>
  static inline void add_products(const std::byte* stack, const std::byte* weights,
                                  int64_t row_weights, Sums<kRows>& sums) {
#pragma GCC unroll 4
    for (int v = 0; v < kNarrowed; ++v) {
      const int64_t vector = v * kLanes * 4;
#pragma GCC unroll 2
      for (int row = 0; row < kRows; ++row) {
        sums[row][v] = V::dot(sums[row][v], stack + vector, weights + row * row_weights + vector);
      }
    }
  }
};

}  // namespace
}  // namespace durward
