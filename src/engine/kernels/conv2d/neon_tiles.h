// The product of two matrices, pixels x depth and depth x channels, that convolution is on AArch64,
// in tiles of a few pixels by eight channels. Instruction sets differ in the product of one tile:
//
//   struct Tile {
//     static constexpr Conv2DNeonPacking kPacking;
//     // sums[r][h] = bias[h] + the product of row r with channels 4 * h to 4 * h + 3, `steps`
//     times
//     // kConv2DNeonStep deep. Rows are `stride` bytes apart, interleaved pairs 2 * stride.
//     template <int kCount>
//     static void multiply(const int8_t* rows, int64_t stride, const int8_t* weights,
//                          int64_t steps, const int32x4_t (&bias)[2],
//                          int32x4_t (&sums)[kCount][2]);
//   };
//
// For files of one instruction set only.
#pragma once

#include <cstring>

#include "engine/kernels/conv2d/neon.h"
#include "engine/kernels/neon_requantize.h"

namespace durward {
namespace {

// The left matrix, or some rows of it, as Tile::multiply takes them.
struct RowBlock {
  const int8_t* rows;
  int64_t stride;
};

// One group of one image: its pixels are the rows of the left matrix.
struct GroupInput {
  const Conv2DInt8& conv;
  const Conv2DNeonSizes& sizes;
  const int8_t* image;
};

// Whether the image itself is the matrix, with rows in_c apart.
bool is_matrix(const WindowGeometry& w, const Conv2DNeonSizes& sizes) {
  return w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 && w.stride_w == 1 &&
         w.pad_top == 0 && w.pad_left == 0 && w.out_h <= w.in_h && w.out_w == w.in_w &&
         sizes.depth == sizes.padded_depth;
}

void interleave(const int8_t* first, const int8_t* second, int64_t bytes, int8_t* pair) {
  for (int64_t k = 0; k < bytes; k += kConv2DNeonStep) {
    const int64x2_t a = vreinterpretq_s64_s8(vld1q_s8(first + k));
    const int64x2_t b = vreinterpretq_s64_s8(vld1q_s8(second + k));
    vst1q_s8(pair + 2 * k, vreinterpretq_s8_s64(vzip1q_s64(a, b)));
    vst1q_s8(pair + 2 * k + kConv2DNeonStep, vreinterpretq_s8_s64(vzip2q_s64(a, b)));
  }
}

// Rows first .. first + count - 1, made in `scratch` unless the image can be used as it is.
RowBlock make_rows(const GroupInput& from, bool in_place, int64_t first, int64_t count,
                   int8_t* scratch) {
  const int64_t in_c = from.conv.geometry.window.in_c, padded = from.sizes.padded_depth;
  if (in_place) return {from.image + first * in_c, in_c};
  for (int64_t r = 0; r < count; ++r) {
    conv2d_neon_gather(from.conv, from.sizes, from.image, first + r, scratch + r * padded);
  }
  return {scratch, padded};
}

// The same in pairs. The second half of an odd last pair repeats the first; nobody stores what it
// gives.
RowBlock make_pairs(const GroupInput& from, bool in_place, int64_t first, int64_t count,
                    int8_t* scratch) {
  const int64_t padded = from.sizes.padded_depth;
  int8_t* pairs = scratch + 2 * padded;
  for (int64_t r = 0; r < count; r += 2) {
    const int64_t rows = r + 1 < count ? 2 : 1;
    const RowBlock pair = make_rows(from, in_place, first + r, rows, scratch);
    interleave(pair.rows, pair.rows + (rows - 1) * pair.stride, padded, pairs + r * padded);
  }
  return {pairs, padded};
}

// Where eight channels of successive pixels go. `addend` is nullptr where nothing is added.
struct TileOutput {
  const int8_t* addend;
  int8_t* output;
  int64_t stride;
};

template <typename Tile, int kCount>
void run_tile(const RowBlock& block, const std::byte* packed, int64_t steps,
              const NeonEpilogue& epilogue, const TileOutput& to) {
  const auto& tile = *reinterpret_cast<const Conv2DNeonTile*>(packed);
  const auto* weights = reinterpret_cast<const int8_t*>(packed + sizeof(Conv2DNeonTile));
  const int32x4_t bias[2] = {vld1q_s32(tile.bias), vld1q_s32(tile.bias + 4)};
  int32x4_t sums[kCount][2];
  Tile::template multiply<kCount>(block.rows, block.stride, weights, steps, bias, sums);
  const NeonMultipliers by = load_multipliers(tile.multiplier, tile.negative);
  // Copies, which stores to the output cannot change.
  const NeonEpilogue end = epilogue;
  const int8_t* addend = to.addend;
  int8_t* output = to.output;
  const int64_t stride = to.stride;
  if (addend == nullptr) {
#pragma GCC unroll 8
    for (int r = 0; r < kCount; ++r, output += stride) {
      vst1_s8(output, end.finish(end.requantize(sums[r][0], sums[r][1], by)));
    }
  } else {
#pragma GCC unroll 8
    for (int r = 0; r < kCount; ++r, output += stride, addend += stride) {
      vst1_s8(output, end.finish(end.requantize(sums[r][0], sums[r][1], by), vld1_s8(addend)));
    }
  }
}

// All pixels of a block by eight channels: whole tiles, then ones of half the rows, and so on.
template <typename Tile, int kCount = static_cast<int>(Tile::kPacking.rows)>
void run_tiles(RowBlock block, int64_t count, const std::byte* packed, int64_t steps,
               const NeonEpilogue& epilogue, TileOutput to) noexcept {
  for (; count >= kCount; count -= kCount) {
    run_tile<Tile, kCount>(block, packed, steps, epilogue, to);
    block.rows += kCount * block.stride;
    to.output += kCount * to.stride;
    if (to.addend != nullptr) to.addend += kCount * to.stride;
  }
  if constexpr (kCount > 1) {
    if (count > 0) run_tiles<Tile, kCount / 2>(block, count, packed, steps, epilogue, to);
  }
}

// The tile of the last `channels` channels, fewer than eight, by way of a tile of its own.
template <typename Tile>
void run_last_tile(const RowBlock& block, int64_t count, const std::byte* packed, int64_t steps,
                   const NeonEpilogue& epilogue, const TileOutput& to, int64_t channels) {
  constexpr int64_t kRows = Tile::kPacking.rows;
  const auto bytes = static_cast<size_t>(channels);
  int8_t addend[kRows * kConv2DNeonChannels] = {}, output[kRows * kConv2DNeonChannels];
  for (int64_t first = 0; first < count; first += kRows) {
    const int64_t rows = count - first < kRows ? count - first : kRows;
    if (to.addend != nullptr) {
      for (int64_t r = 0; r < rows; ++r) {
        memcpy(addend + r * kConv2DNeonChannels, to.addend + (first + r) * to.stride, bytes);
      }
    }
    run_tiles<Tile>({block.rows + first * block.stride, block.stride}, rows, packed, steps,
                    epilogue,
                    {to.addend == nullptr ? nullptr : addend, output, kConv2DNeonChannels});
    for (int64_t r = 0; r < rows; ++r) {
      memcpy(to.output + (first + r) * to.stride, output + r * kConv2DNeonChannels, bytes);
    }
  }
}

// All channels of a group for one block of pixels; `to` is that of the first channel.
template <typename Tile>
void run_block(const RowBlock& block, int64_t count, const std::byte* tiles,
               const Conv2DNeonSizes& sizes, const NeonEpilogue& epilogue, TileOutput to) {
  const int64_t steps = sizes.padded_depth / kConv2DNeonStep;
  int64_t left = sizes.out_c;
  for (; left >= kConv2DNeonChannels; left -= kConv2DNeonChannels, tiles += sizes.tile_bytes) {
    run_tiles<Tile>(block, count, tiles, steps, epilogue, to);
    to.output += kConv2DNeonChannels;
    if (to.addend != nullptr) to.addend += kConv2DNeonChannels;
  }
  if (left > 0) run_last_tile<Tile>(block, count, tiles, steps, epilogue, to, left);
}

// LayerKernel::run.
template <typename Tile>
void run_conv2d(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                const LayerOperands& operands) {
  const WindowGeometry& w = conv.geometry.window;
  const Conv2DNeonSizes sizes = conv2d_neon_sizes(conv.geometry, Tile::kPacking);
  const bool in_place = is_matrix(w, sizes);
  const NeonEpilogue epilogue(conv.output, add);
  const int64_t pixels = w.out_h * w.out_w;
  auto* scratch = reinterpret_cast<int8_t*>(operands.scratch);
  for (int64_t n = 0; n < w.batch; ++n) {
    for (int64_t group = 0; group < conv.geometry.groups; ++group) {
      const GroupInput from{conv, sizes,
                            operands.input + n * w.in_h * w.in_w * w.in_c + group * sizes.in_c};
      const std::byte* tiles = packed + group * sizes.tiles * sizes.tile_bytes;
      for (int64_t first = 0; first < pixels; first += sizes.block_pixels) {
        const int64_t left = pixels - first;
        const int64_t count = left < sizes.block_pixels ? left : sizes.block_pixels;
        const RowBlock block = Tile::kPacking.pairs
                                   ? make_pairs(from, in_place, first, count, scratch)
                                   : make_rows(from, in_place, first, count, scratch);
        const int64_t offset = (n * pixels + first) * w.out_c + group * sizes.out_c;
        run_block<Tile>(block, count, tiles, sizes, epilogue,
                        {add == nullptr ? nullptr : operands.addend + offset,
                         operands.output + offset, w.out_c});
      }
    }
  }
}

}  // namespace
}  // namespace durward
