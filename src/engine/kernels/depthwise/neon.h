// The depthwise convolution kernels for AArch64: how they pack a layer and what they run.
//
// Channels are computed in blocks of 16; where they are no multiple of 16 the last block overlaps
// the one before. Taps lie in slots, so many of which are added at once; a slot without a tap has
// weights of zero. The input's zero point is folded into the bias: products are of int8 with int8,
// and padding of the image reads as the zero point.
#pragma once

#include "engine/kernels/depthwise/depthwise.h"
#include "engine/kernels/layer_kernel.h"

namespace durward {

inline constexpr int64_t kDepthwiseNeonChannels = 16;

// Slots that are added at once. With four, each column of a 3x3 window fills a group of its own.
inline constexpr int64_t kDepthwiseNeonGroup = 2;
inline constexpr int64_t kDepthwiseNeonDotprodGroup = 4;

// What is packed for a block. Behind it lie its weights, [slots, 16 channels], those of four slots
// interleaved where four are added at once.
struct DepthwiseNeonBlock {
  int32_t bias[kDepthwiseNeonChannels];
  float multiplier[kDepthwiseNeonChannels], negative[kDepthwiseNeonChannels];
};

struct DepthwiseNeonSizes {
  int64_t channels;
  int64_t group, slots;
  int64_t ky_slots, kx_slots;  // the tap ky, kx lies in slot ky * ky_slots + kx * kx_slots
  int64_t blocks, block_bytes;
};

[[nodiscard]] bool depthwise_neon_is_3x3(const WindowGeometry& window) noexcept;
[[nodiscard]] DepthwiseNeonSizes depthwise_neon_sizes(const WindowGeometry& window,
                                                      int64_t group) noexcept;
// The first channel of a block.
[[nodiscard]] int64_t depthwise_neon_channel(const DepthwiseNeonSizes& sizes,
                                             int64_t block) noexcept;
// Whether each of at least 16 channels has one filter.
[[nodiscard]] bool depthwise_takes_neon_dotprod(const DepthwiseInt8& conv) noexcept;
// And no weight is -128: then the sum of two products fits int16.
[[nodiscard]] bool depthwise_takes_neon(const DepthwiseInt8& conv) noexcept;

[[nodiscard]] size_t depthwise_neon_packed_bytes(const DepthwiseInt8& conv, int64_t group) noexcept;
void depthwise_neon_pack(const DepthwiseInt8& conv, int64_t group, std::byte* packed) noexcept;
[[nodiscard]] size_t depthwise_neon_scratch_bytes(const DepthwiseInt8& conv,
                                                  int64_t group) noexcept;

// LayerKernel::run of each instruction set.
void depthwise_run_neon(const DepthwiseInt8& conv, const std::byte* packed, const FusedAdd* add,
                        const LayerOperands& operands) noexcept;
void depthwise_run_neon_dotprod(const DepthwiseInt8& conv, const std::byte* packed,
                                const FusedAdd* add, const LayerOperands& operands) noexcept;

}  // namespace durward
