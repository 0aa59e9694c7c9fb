#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/kernels/conv2d/x86.h"

namespace durward {
namespace {

constexpr int64_t kLine = 64;  // bytes of a cache line and of the widest vector

int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

int64_t depth_of(const Conv2DInt8& conv, const Conv2DTarget& target) {
  return round_up(conv.geometry.depth(), target.depth_unit);
}

// Vectors of channels in the group that starts with vector `first`.
int64_t vectors_in_group(const Conv2DPacked& layout, int64_t first) {
  return std::min(kGroupVectors, layout.vectors - first);
}

// The channel of a lane of vector `vector`, which may be beyond the last channel.
int64_t channel_of(const Conv2DPacked& layout, const Conv2DTarget& target, int64_t vector,
                   int64_t lane) {
  const int64_t first = vector / kGroupVectors * kGroupVectors;
  const int64_t in_128_bits = 4;
  return first * target.lanes + (vector - first) * in_128_bits + lane % in_128_bits +
         lane / in_128_bits * in_128_bits * vectors_in_group(layout, first);
}

int32_t flags_of(const Conv2DInt8& conv) {
  int32_t flags = kConv2DBounded;
  for (int64_t o = 0; o < conv.geometry.window.out_c; ++o) {
    const float positive = conv.multiplier[o], negative = conv.multiplier_negative[o];
    if (std::bit_cast<uint32_t>(positive) != std::bit_cast<uint32_t>(negative)) {
      flags |= kConv2DSlopes;
    }
    const bool bounded = std::abs(positive) < 1 && std::abs(negative) < 1;  // NaN is not
    if (!bounded) flags &= ~kConv2DBounded;
  }
  return flags;
}

// bias - (zero point + offset) * sum of the weights, modulo 2^32: intermediate sums may wrap, the
// accumulator itself does not.
int32_t folded_bias(const Conv2DInt8& conv, const Conv2DTarget& target, int64_t channel) {
  const int64_t depth = conv.geometry.depth();
  const int8_t* row = conv.weights + channel * depth;
  uint32_t sum = 0;
  for (int64_t k = 0; k < depth; ++k) sum += static_cast<uint32_t>(row[k]);
  const auto bias = conv.bias == nullptr ? 0u : static_cast<uint32_t>(conv.bias[channel]);
  const auto offset = static_cast<uint32_t>(conv.input_zero_point + target.input_offset);
  return static_cast<int32_t>(bias - offset * sum);
}

// Weights of vector `vector`, int8 or int16, kUnit of a channel side by side.
template <typename Value, int64_t kUnit>
void pack_weights(const Conv2DInt8& conv, const Conv2DTarget& target, const Conv2DPacked& layout,
                  int64_t vector, Value* packed) {
  const int64_t depth = conv.geometry.depth();
  const int64_t first = vector / kGroupVectors * kGroupVectors;
  const int64_t vectors = vectors_in_group(layout, first);
  const int64_t values = target.lanes * kUnit;  // in a vector
  Value* group = packed + first * target.lanes * layout.depth + (vector - first) * values;
  for (int64_t lane = 0; lane < target.lanes; ++lane) {
    const int64_t channel = channel_of(layout, target, vector, lane);
    const int64_t inside = channel < conv.geometry.window.out_c ? depth : 0;
    const int8_t* row = conv.weights + channel * depth;
    Value* out = group + lane * kUnit;
    int64_t k = 0;
    for (; k + kUnit <= inside; k += kUnit, out += vectors * values) {
      for (int64_t i = 0; i < kUnit; ++i) out[i] = row[k + i];
    }
    for (; k < layout.depth; k += kUnit, out += vectors * values) {
      for (int64_t i = 0; i < kUnit; ++i) out[i] = k + i < inside ? row[k + i] : int8_t{0};
    }
  }
}

}  // namespace

Conv2DPacked conv2d_packed(const Conv2DInt8& conv, const Conv2DTarget& target) noexcept {
  Conv2DPacked layout;
  layout.depth = depth_of(conv, target);
  layout.vectors = (conv.geometry.window.out_c + target.lanes - 1) / target.lanes;
  layout.groups = (layout.vectors + kGroupVectors - 1) / kGroupVectors;
  const int64_t per_channel =
      layout.groups * kGroupVectors * target.lanes * static_cast<int64_t>(sizeof(int32_t));
  layout.bias = kLine;
  layout.multiplier = layout.bias + per_channel;
  layout.multiplier_negative = layout.multiplier + per_channel;
  layout.weights = layout.multiplier_negative + per_channel;
  layout.bytes = layout.weights + layout.vectors * target.lanes * layout.depth * target.value_bytes;
  return layout;
}

void conv2d_pack(const Conv2DInt8& conv, const Conv2DTarget& target, std::byte* packed) noexcept {
  const Conv2DPacked layout = conv2d_packed(conv, target);
  std::fill_n(packed, layout.weights, std::byte{0});
  *reinterpret_cast<int32_t*>(packed) = flags_of(conv);
  auto* bias = reinterpret_cast<int32_t*>(packed + layout.bias);
  auto* multiplier = reinterpret_cast<float*>(packed + layout.multiplier);
  auto* negative = reinterpret_cast<float*>(packed + layout.multiplier_negative);
  for (int64_t vector = 0; vector < layout.vectors; ++vector) {
    for (int64_t lane = 0; lane < target.lanes; ++lane) {
      const int64_t channel = channel_of(layout, target, vector, lane);
      if (channel >= conv.geometry.window.out_c) continue;
      const int64_t slot = vector * target.lanes + lane;
      bias[slot] = folded_bias(conv, target, channel);
      multiplier[slot] = conv.multiplier[channel];
      negative[slot] = conv.multiplier_negative[channel];
    }
    std::byte* weights = packed + layout.weights;
    if (target.value_bytes == 1) {
      pack_weights<int8_t, 4>(conv, target, layout, vector, reinterpret_cast<int8_t*>(weights));
    } else {
      pack_weights<int16_t, 2>(conv, target, layout, vector, reinterpret_cast<int16_t*>(weights));
    }
  }
}

Conv2DScratch conv2d_scratch(const Conv2DInt8& conv, const Conv2DTarget& target) noexcept {
  constexpr int64_t kPatchBytes = int64_t{16} * 1024;  // a third of the level-1 cache
  const WindowGeometry& w = conv.geometry.window;
  const int64_t pixels = round_up(w.batch * w.out_h * w.out_w, target.pixels);
  const int64_t patch = depth_of(conv, target) * target.value_bytes;
  Conv2DScratch scratch;
  const int64_t fitting = kPatchBytes / patch / target.pixels * target.pixels;
  scratch.block_pixels = std::min(pixels, std::max(fitting, target.pixels));
  scratch.patches = target.sum_buffers * target.pixels * kGroupVectors * target.lanes *
                    static_cast<int64_t>(sizeof(int32_t));
  // Patches are written in whole vectors, the last one too.
  scratch.bytes = scratch.patches + scratch.block_pixels * patch + kLine;
  return scratch;
}

}  // namespace durward
