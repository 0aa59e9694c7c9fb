// Depthwise convolution on AArch64, 16 channels at a time. Instruction sets differ in how they add
// the products of a group of taps:
//
//   struct Taps {
//     static constexpr int64_t kGroup;
//     // sums += the products of the taps of one group.
//     static void add_group(Sums& sums, const int8x16_t (&pixels)[kGroup], const int8_t* weights);
//     // The pixels of a column of a 3x3 window, in the form in which they are used three times.
//     struct Column;
//     static Column column(const int8x16_t (&pixels)[3]);
//     // sums += all products of a 3x3 window.
//     static void add_window(Sums& sums, Column& a, Column& b, Column& c, const int8_t* weights);
//   };
//
// For files of one instruction set only.
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "engine/kernels/depthwise/neon.h"
#include "engine/kernels/neon_requantize.h"

namespace durward {
namespace {

constexpr int64_t kBlock = kDepthwiseNeonChannels;

// One per channel of a block.
struct Sums {
  int32x4_t four[4];
};

[[gnu::always_inline]] inline Sums load_bias(const DepthwiseNeonBlock& block) {
  return {{vld1q_s32(block.bias), vld1q_s32(block.bias + 4), vld1q_s32(block.bias + 8),
           vld1q_s32(block.bias + 12)}};
}

// Where results go; `addend` is only looked at with kAdds.
template <bool kAdds>
struct BlockOutput {
  const int8_t* addend;
  int8_t* output;

  [[gnu::always_inline]] void advance(int64_t channels) {
    output += channels;
    if constexpr (kAdds) addend += channels;
  }
};

template <bool kAdds>
[[gnu::always_inline]] inline void store(const Sums& sums, const DepthwiseNeonBlock& block,
                                         const NeonEpilogue& epilogue,
                                         const BlockOutput<kAdds>& to) {
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const int c = 8 * half;
    const int16x8_t steps =
        epilogue.requantize(sums.four[2 * half], sums.four[2 * half + 1],
                            load_multipliers(block.multiplier + c, block.negative + c));
    if constexpr (kAdds) {
      vst1_s8(to.output + c, epilogue.finish(steps, vld1_s8(to.addend + c)));
    } else {
      vst1_s8(to.output + c, epilogue.finish(steps));
    }
  }
}

// The columns of three rows of the image, from left to right.
template <typename Taps>
struct Columns {
  [[gnu::always_inline]] typename Taps::Column next() {
    int8x16_t pixels[3] = {padding, padding, padding};
    if (x >= 0 && x < width) {
#pragma GCC unroll 3
      for (int ky = 0; ky < 3; ++ky) {
        pixels[ky] = vld1q_s8(row[ky]);
        row[ky] += step[ky];
      }
    }
    ++x;
    return Taps::column(pixels);
  }

  int64_t x, width;      // columns outside the image are padding
  const int8_t* row[3];  // where the next pixel inside the image is
  int64_t step[3];       // to the pixel after it; 0 in a row of padding
  int8x16_t padding;
};

// A row of 3x3 windows of one block of channels.
template <typename Taps, int kStride, bool kAdds>
void run_row_3x3(Columns<Taps> columns, int64_t count, int64_t channels, const std::byte* packed,
                 const NeonEpilogue& shared_epilogue, BlockOutput<kAdds> to) {
  using Column = typename Taps::Column;
  const auto& block = *reinterpret_cast<const DepthwiseNeonBlock*>(packed);
  const auto* weights = reinterpret_cast<const int8_t*>(packed + sizeof(DepthwiseNeonBlock));
  const NeonEpilogue epilogue = shared_epilogue;  // a copy, which stores cannot change
  // Returns whether it was the last one.
  const auto finish = [&](Column & a, Column & b, Column & c) __attribute__((always_inline)) {
    Sums sums = load_bias(block);
    Taps::add_window(sums, a, b, c, weights);
    // All sums before the first is stored: then pixels and weights are needed no longer.
    asm("" : "+w"(sums.four[0]), "+w"(sums.four[1]), "+w"(sums.four[2]), "+w"(sums.four[3]));
    store(sums, block, epilogue, to);
    to.advance(channels);
    return --count == 0;
  };
  // Each column is loaded once: the names of those that are kept go round.
  Column a = columns.next();
  if constexpr (kStride == 1) {
    Column b = columns.next();
    for (;;) {
      Column c = columns.next();
      if (finish(a, b, c)) return;
      a = columns.next();
      if (finish(b, c, a)) return;
      b = columns.next();
      if (finish(c, a, b)) return;
    }
  } else {
    static_assert(kStride == 2);
    for (;;) {
      Column b = columns.next();
      Column c = columns.next();
      if (finish(a, b, c)) return;
      b = columns.next();
      a = columns.next();
      if (finish(c, b, a)) return;
    }
  }
}

// One image of one layer.
template <bool kAdds>
struct Image {
  const DepthwiseInt8& conv;
  const DepthwiseNeonSizes& sizes;
  const std::byte* packed;
  const NeonEpilogue& epilogue;
  const int8_t* input;
  BlockOutput<kAdds> to;
};

template <typename Taps, bool kAdds>
void run_3x3(const Image<kAdds>& image) {
  const WindowGeometry& w = image.conv.window;
  const int8x16_t padding = vdupq_n_s8(static_cast<int8_t>(image.conv.input_zero_point));
  int8_t padding_pixel[kBlock];
  vst1q_s8(padding_pixel, padding);
  BlockOutput<kAdds> row_output = image.to;
  for (int64_t y = 0; y < w.out_h; ++y) {
    for (int64_t b = 0; b < image.sizes.blocks; ++b) {
      const int64_t first = depthwise_neon_channel(image.sizes, b);
      Columns<Taps> columns{-w.pad_left, w.in_w, {}, {}, padding};
      for (int ky = 0; ky < 3; ++ky) {
        const int64_t in_y = y * w.stride_h - w.pad_top + ky;
        const bool inside = in_y >= 0 && in_y < w.in_h;
        columns.row[ky] = inside ? image.input + in_y * w.in_w * w.in_c + first : padding_pixel;
        columns.step[ky] = inside ? w.in_c : 0;
      }
      BlockOutput<kAdds> to = row_output;
      to.advance(first);
      const std::byte* packed = image.packed + b * image.sizes.block_bytes;
      if (w.stride_w == 1) {
        run_row_3x3<Taps, 1>(columns, w.out_w, w.in_c, packed, image.epilogue, to);
      } else {
        run_row_3x3<Taps, 2>(columns, w.out_w, w.in_c, packed, image.epilogue, to);
      }
    }
    row_output.advance(w.out_w * w.in_c);
  }
}

// Points at what each tap of the window of an output reads: a pixel of the image or `padding`.
template <bool kAdds>
void find_pixels(const Image<kAdds>& image, int64_t out_y, int64_t out_x, const int8_t* padding,
                 const int8_t** slots) {
  const WindowGeometry& w = image.conv.window;
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    const int64_t y = out_y * w.stride_h - w.pad_top + ky * w.dilation_h;
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      const int64_t x = out_x * w.stride_w - w.pad_left + kx * w.dilation_w;
      const bool inside = y >= 0 && y < w.in_h && x >= 0 && x < w.in_w;
      slots[ky * image.sizes.ky_slots + kx * image.sizes.kx_slots] =
          inside ? image.input + (y * w.in_w + x) * w.in_c : padding;
    }
  }
}

template <typename Taps, bool kAdds>
void run_block(const Image<kAdds>& image, int64_t b, const int8_t* const* slots,
               BlockOutput<kAdds> to) {
  const std::byte* packed = image.packed + b * image.sizes.block_bytes;
  const auto& block = *reinterpret_cast<const DepthwiseNeonBlock*>(packed);
  const auto* weights = reinterpret_cast<const int8_t*>(packed + sizeof(DepthwiseNeonBlock));
  const int64_t first = depthwise_neon_channel(image.sizes, b);
  Sums sums = load_bias(block);
  for (int64_t slot = 0; slot < image.sizes.slots; slot += Taps::kGroup) {
    int8x16_t group[Taps::kGroup];
    for (int i = 0; i < Taps::kGroup; ++i) group[i] = vld1q_s8(slots[slot + i] + first);
    Taps::add_group(sums, group, weights + slot * kBlock);
  }
  to.advance(first);
  store(sums, block, image.epilogue, to);
}

// Windows of any size.
template <typename Taps, bool kAdds>
void run_any(const Image<kAdds>& image, std::byte* scratch) {
  const WindowGeometry& w = image.conv.window;
  const auto** slots = reinterpret_cast<const int8_t**>(scratch);
  auto* padding = reinterpret_cast<int8_t*>(slots + image.sizes.slots);
  memset(padding, image.conv.input_zero_point, static_cast<size_t>(w.in_c));
  for (int64_t slot = 0; slot < image.sizes.slots; ++slot) slots[slot] = padding;
  BlockOutput<kAdds> to = image.to;
  for (int64_t y = 0; y < w.out_h; ++y) {
    for (int64_t x = 0; x < w.out_w; ++x) {
      find_pixels(image, y, x, padding, slots);
      for (int64_t b = 0; b < image.sizes.blocks; ++b) run_block<Taps>(image, b, slots, to);
      to.advance(w.in_c);
    }
  }
}

template <typename Taps, bool kAdds>
void run_layer(const DepthwiseInt8& conv, const std::byte* packed, const FusedAdd* add,
               const LayerOperands& operands) {
  const WindowGeometry& w = conv.window;
  const DepthwiseNeonSizes sizes = depthwise_neon_sizes(w, Taps::kGroup);
  const NeonEpilogue epilogue(conv.output, add);
  const bool slides = depthwise_neon_is_3x3(w) && w.stride_w <= 2;
  Image<kAdds> image{conv,     sizes,          packed,
                     epilogue, operands.input, {operands.addend, operands.output}};
  for (int64_t n = 0; n < w.batch; ++n) {
    if (slides) {
      run_3x3<Taps>(image);
    } else {
      run_any<Taps>(image, operands.scratch);
    }
    image.input += w.in_h * w.in_w * w.in_c;
    image.to.advance(w.out_h * w.out_w * w.out_c);
  }
}

// LayerKernel::run.
template <typename Taps>
void run_depthwise(const DepthwiseInt8& conv, const std::byte* packed, const FusedAdd* add,
                   const LayerOperands& operands) {
  if (add == nullptr) {
    run_layer<Taps, false>(conv, packed, add, operands);
  } else {
    run_layer<Taps, true>(conv, packed, add, operands);
  }
}

}  // namespace
}  // namespace durward
