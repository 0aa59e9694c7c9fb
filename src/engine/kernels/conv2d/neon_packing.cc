#include <algorithm>
#include <cstring>

#include "engine/kernels/conv2d/neon.h"

namespace durward {
namespace {

constexpr int64_t kTileChannels = kConv2DNeonChannels;

// Whole tiles of pixels whose inputs fit the first-level cache beside a tile's weights.
int64_t block_pixels(int64_t padded_depth, int64_t rows) {
  constexpr int64_t kBytes = 8192, kMost = 32;
  return std::clamp(kBytes / padded_depth / rows * rows, rows, kMost);
}

Conv2DNeonTile tile_of(const Conv2DInt8& conv, int64_t depth, int64_t first, int64_t count) {
  Conv2DNeonTile tile{};
  for (int64_t c = 0; c < count; ++c) {
    const int64_t o = first + c;
    int32_t sum = 0;
    for (int64_t k = 0; k < depth; ++k) sum += conv.weights[o * depth + k];
    // Modulo 2^32: only the whole sum of an output is known to fit.
    const auto bias = static_cast<uint32_t>(conv.bias == nullptr ? 0 : conv.bias[o]);
    tile.bias[c] = static_cast<int32_t>(bias - static_cast<uint32_t>(conv.input_zero_point) *
                                                   static_cast<uint32_t>(sum));
    tile.multiplier[c] = conv.multiplier[o];
    tile.negative[c] = conv.multiplier_negative[o];
  }
  return tile;
}

// Weights of channels first .. first + count - 1.
void pack_weights(const Conv2DInt8& conv, const Conv2DNeonSizes& sizes, int64_t chunk,
                  int64_t first, int64_t count, int8_t* packed) {
  for (int64_t begin = 0; begin < sizes.padded_depth; begin += chunk) {
    for (int64_t c = 0; c < kTileChannels; ++c) {
      for (int64_t k = begin; k < begin + chunk; ++k) {
        const bool given = c < count && k < sizes.depth;
        *packed++ = given ? conv.weights[(first + c) * sizes.depth + k] : int8_t{0};
      }
    }
  }
}

}  // namespace

Conv2DNeonSizes conv2d_neon_sizes(const Conv2DGeometry& geometry,
                                  const Conv2DNeonPacking& packing) noexcept {
  Conv2DNeonSizes sizes{};
  sizes.in_c = geometry.window.in_c / geometry.groups;
  sizes.out_c = geometry.window.out_c / geometry.groups;
  sizes.depth = geometry.depth();
  sizes.padded_depth = (sizes.depth + kConv2DNeonStep - 1) / kConv2DNeonStep * kConv2DNeonStep;
  sizes.tiles = (sizes.out_c + kTileChannels - 1) / kTileChannels;
  sizes.tile_bytes =
      static_cast<int64_t>(sizeof(Conv2DNeonTile)) + kTileChannels * sizes.padded_depth;
  sizes.block_pixels = block_pixels(sizes.padded_depth, packing.rows);
  return sizes;
}

size_t conv2d_neon_packed_bytes(const Conv2DInt8& conv, const Conv2DNeonPacking& packing) noexcept {
  const Conv2DNeonSizes sizes = conv2d_neon_sizes(conv.geometry, packing);
  return static_cast<size_t>(conv.geometry.groups * sizes.tiles * sizes.tile_bytes);
}

void conv2d_neon_pack(const Conv2DInt8& conv, const Conv2DNeonPacking& packing,
                      std::byte* packed) noexcept {
  const Conv2DNeonSizes sizes = conv2d_neon_sizes(conv.geometry, packing);
  for (int64_t group = 0; group < conv.geometry.groups; ++group) {
    for (int64_t c = 0; c < sizes.out_c; c += kTileChannels, packed += sizes.tile_bytes) {
      const int64_t first = group * sizes.out_c + c;
      const int64_t count = std::min(sizes.out_c - c, kTileChannels);
      const Conv2DNeonTile tile = tile_of(conv, sizes.depth, first, count);
      std::memcpy(packed, &tile, sizeof(tile));
      pack_weights(conv, sizes, packing.chunk, first, count,
                   reinterpret_cast<int8_t*>(packed + sizeof(tile)));
    }
  }
}

size_t conv2d_neon_scratch_bytes(const Conv2DInt8& conv,
                                 const Conv2DNeonPacking& packing) noexcept {
  const Conv2DNeonSizes sizes = conv2d_neon_sizes(conv.geometry, packing);
  // Pairs are gathered before they are interleaved.
  const int64_t rows = sizes.block_pixels + (packing.pairs ? 2 : 0);
  return static_cast<size_t>(rows * sizes.padded_depth);
}

void conv2d_neon_gather(const Conv2DInt8& conv, const Conv2DNeonSizes& sizes, const int8_t* image,
                        int64_t pixel, int8_t* row) noexcept {
  const WindowGeometry& w = conv.geometry.window;
  const int64_t top = pixel / w.out_w * w.stride_h - w.pad_top;
  const int64_t left = pixel % w.out_w * w.stride_w - w.pad_left;
  // Pixels that are neighbours and wanted with all their channels are copied at once.
  const bool joined =
      w.dilation_w == 1 && conv.geometry.groups == 1 && left >= 0 && left + w.kernel_w <= w.in_w;
  const int64_t copies = joined ? 1 : w.kernel_w;
  const auto bytes = static_cast<size_t>(joined ? w.kernel_w * w.in_c : sizes.in_c);
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    const int64_t y = top + ky * w.dilation_h;
    for (int64_t i = 0; i < copies; ++i, row += bytes) {
      const int64_t x = left + i * w.dilation_w;
      if (y >= 0 && y < w.in_h && x >= 0 && x < w.in_w) {
        std::memcpy(row, image + (y * w.in_w + x) * w.in_c, bytes);
      } else {
        std::memset(row, conv.input_zero_point, bytes);
      }
    }
  }
}

bool conv2d_takes_neon(const Conv2DInt8& conv) noexcept {
  const Conv2DGeometry& g = conv.geometry;
  const int8_t* end = conv.weights + g.window.out_c * g.depth();
  return std::find(conv.weights, end, int8_t{-128}) == end;
}

}  // namespace durward
