#include <algorithm>
#include <cstring>

#include "engine/kernels/depthwise/neon.h"

namespace durward {
namespace {

constexpr int64_t kBlock = kDepthwiseNeonChannels;

DepthwiseNeonBlock block_of(const DepthwiseInt8& conv, int64_t first) {
  const WindowGeometry& w = conv.window;
  DepthwiseNeonBlock block{};
  for (int64_t i = 0; i < kBlock; ++i) {
    const int64_t c = first + i;
    int32_t sum = 0;
    for (int64_t tap = 0; tap < w.kernel_h * w.kernel_w; ++tap) {
      sum += conv.weights[tap * w.out_c + c];
    }
    // Modulo 2^32: only the whole sum of an output is known to fit.
    const auto bias = static_cast<uint32_t>(conv.bias == nullptr ? 0 : conv.bias[c]);
    block.bias[i] = static_cast<int32_t>(bias - static_cast<uint32_t>(conv.input_zero_point) *
                                                    static_cast<uint32_t>(sum));
    block.multiplier[i] = conv.multiplier[c];
    block.negative[i] = conv.multiplier_negative[c];
  }
  return block;
}

void pack_weights(const DepthwiseInt8& conv, const DepthwiseNeonSizes& sizes, int64_t first,
                  int8_t* packed) {
  const WindowGeometry& w = conv.window;
  // Of a slot to the next channel, and of a channel to the next slot.
  const int64_t channel_step = sizes.group == kDepthwiseNeonDotprodGroup ? sizes.group : 1;
  const int64_t slot_step = channel_step == 1 ? kBlock : 1;
  std::fill_n(packed, sizes.slots * kBlock, int8_t{0});
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      const int8_t* weights = conv.weights + (ky * w.kernel_w + kx) * w.out_c + first;
      const int64_t slot = ky * sizes.ky_slots + kx * sizes.kx_slots;
      int8_t* group = packed + slot / sizes.group * sizes.group * kBlock;
      int8_t* to = group + slot % sizes.group * slot_step;
      for (int64_t c = 0; c < kBlock; ++c) to[c * channel_step] = weights[c];
    }
  }
}

}  // namespace

bool depthwise_neon_is_3x3(const WindowGeometry& window) noexcept {
  return window.kernel_h == 3 && window.kernel_w == 3 && window.dilation_h == 1 &&
         window.dilation_w == 1;
}

DepthwiseNeonSizes depthwise_neon_sizes(const WindowGeometry& window, int64_t group) noexcept {
  DepthwiseNeonSizes sizes{};
  sizes.channels = window.in_c;
  sizes.group = group;
  sizes.slots = (window.kernel_h * window.kernel_w + group - 1) / group * group;
  const bool by_column = group == kDepthwiseNeonDotprodGroup && depthwise_neon_is_3x3(window);
  sizes.ky_slots = by_column ? 1 : window.kernel_w;
  sizes.kx_slots = by_column ? group : 1;
  sizes.blocks = (window.in_c + kBlock - 1) / kBlock;
  sizes.block_bytes = static_cast<int64_t>(sizeof(DepthwiseNeonBlock)) + sizes.slots * kBlock;
  return sizes;
}

int64_t depthwise_neon_channel(const DepthwiseNeonSizes& sizes, int64_t block) noexcept {
  return std::min(block * kBlock, sizes.channels - kBlock);
}

bool depthwise_takes_neon_dotprod(const DepthwiseInt8& conv) noexcept {
  return conv.window.in_c == conv.window.out_c && conv.window.in_c >= kBlock;
}

bool depthwise_takes_neon(const DepthwiseInt8& conv) noexcept {
  const WindowGeometry& w = conv.window;
  const int8_t* end = conv.weights + w.kernel_h * w.kernel_w * w.out_c;
  return depthwise_takes_neon_dotprod(conv) && std::find(conv.weights, end, int8_t{-128}) == end;
}

size_t depthwise_neon_packed_bytes(const DepthwiseInt8& conv, int64_t group) noexcept {
  const DepthwiseNeonSizes sizes = depthwise_neon_sizes(conv.window, group);
  return static_cast<size_t>(sizes.blocks * sizes.block_bytes);
}

void depthwise_neon_pack(const DepthwiseInt8& conv, int64_t group, std::byte* packed) noexcept {
  const DepthwiseNeonSizes sizes = depthwise_neon_sizes(conv.window, group);
  for (int64_t b = 0; b < sizes.blocks; ++b, packed += sizes.block_bytes) {
    const int64_t first = depthwise_neon_channel(sizes, b);
    const DepthwiseNeonBlock block = block_of(conv, first);
    std::memcpy(packed, &block, sizeof(block));
    pack_weights(conv, sizes, first, reinterpret_cast<int8_t*>(packed + sizeof(block)));
  }
}

// Where each slot of a window reads, and a pixel of padding.
size_t depthwise_neon_scratch_bytes(const DepthwiseInt8& conv, int64_t group) noexcept {
  const DepthwiseNeonSizes sizes = depthwise_neon_sizes(conv.window, group);
  return static_cast<size_t>(sizes.slots) * sizeof(const int8_t*) +
         static_cast<size_t>(sizes.channels);
}

}  // namespace durward
