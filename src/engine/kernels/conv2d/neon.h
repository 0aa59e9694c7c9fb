// The convolution kernels for AArch64: how they pack a layer and what they run.
//
// A convolution is the product of the inputs under each output pixel, `depth` of them, with the
// weights. Both sides are padded to whole steps; the weights' padding is zeros, so what the inputs'
// holds does not matter. The input's zero point is folded into the bias: products are of int8 with
// int8, and padding of the image reads as the zero point.
#pragma once

#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/layer_kernel.h"

namespace durward {

inline constexpr int64_t kConv2DNeonChannels = 8;  // of a tile
inline constexpr int64_t kConv2DNeonStep = 16;     // of the depth

struct Conv2DNeonPacking {
  int64_t rows;   // pixels of a tile, a power of two
  int64_t chunk;  // bytes of one channel that lie side by side in the packed weights
  bool pairs;     // whether pixels are interleaved two by two, 8 bytes of each
};
inline constexpr Conv2DNeonPacking kConv2DNeonPacking{2, 16, false};
inline constexpr Conv2DNeonPacking kConv2DNeonDotprodPacking{8, 4, false};
inline constexpr Conv2DNeonPacking kConv2DNeonI8mmPacking{8, 8, true};

// The sizes of one group of a layer.
struct Conv2DNeonSizes {
  int64_t in_c, out_c;
  int64_t depth, padded_depth;
  int64_t tiles, tile_bytes;
  int64_t block_pixels;  // that are gathered before the weights pass over them
};

// What is packed for the eight channels of a tile. Behind it lie their weights in the order
// [padded_depth / chunk, channel, chunk], zeros for the channels that a last tile lacks.
struct Conv2DNeonTile {
  int32_t bias[kConv2DNeonChannels];
  float multiplier[kConv2DNeonChannels], negative[kConv2DNeonChannels];
};

[[nodiscard]] Conv2DNeonSizes conv2d_neon_sizes(const Conv2DGeometry& geometry,
                                                const Conv2DNeonPacking& packing) noexcept;
[[nodiscard]] size_t conv2d_neon_packed_bytes(const Conv2DInt8& conv,
                                              const Conv2DNeonPacking& packing) noexcept;
void conv2d_neon_pack(const Conv2DInt8& conv, const Conv2DNeonPacking& packing,
                      std::byte* packed) noexcept;
[[nodiscard]] size_t conv2d_neon_scratch_bytes(const Conv2DInt8& conv,
                                               const Conv2DNeonPacking& packing) noexcept;

// Copies the inputs under an output pixel, counted through the rows of `image`, to `row` in the
// weights' order. `image` begins at the group's first channel.
void conv2d_neon_gather(const Conv2DInt8& conv, const Conv2DNeonSizes& sizes, const int8_t* image,
                        int64_t pixel, int8_t* row) noexcept;

// Whether the layer has no weight of -128. Without it the sum of two products fits int16.
[[nodiscard]] bool conv2d_takes_neon(const Conv2DInt8& conv) noexcept;

// LayerKernel::run of each instruction set.
void conv2d_run_neon(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                     const LayerOperands& operands) noexcept;
void conv2d_run_neon_dotprod(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                             const LayerOperands& operands) noexcept;
void conv2d_run_neon_i8mm(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                          const LayerOperands& operands) noexcept;

}  // namespace durward
