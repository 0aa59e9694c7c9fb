// From int32 accumulators to int8, a group of channels of a pixel at a time. Once for each width of
// vectors: what multiplies faster than AVX2 or AVX-512 calls what is compiled for these.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/conv2d/x86.h"

namespace durward {

// Where a layer's results come from and go to.
struct Conv2DFinish {
  const float* multiplier;  // [groups, kGroupVectors, lanes]
  const float* negative;
  const FusedAdd* add;  // or nullptr
  const int8_t* addend;
  int8_t* output;
  int64_t channels;
  int32_t flags;  // of the packed layer
  Int8Output range;
};

// Some output pixels of one group of channels.
struct Conv2DSums {
  const int32_t* sums;  // [pixels, kGroupVectors, lanes]
  int64_t first, pixels;
  int64_t group, vectors;  // of channels; the vectors that the group has
};

void conv2d_finish_avx2(const Conv2DFinish& finish, const Conv2DSums& sums) noexcept;
void conv2d_finish_avx512(const Conv2DFinish& finish, const Conv2DSums& sums) noexcept;

namespace {

// `packed` is a layer of `layout`.
inline Conv2DFinish finish_of(const Conv2DInt8& conv, const std::byte* packed,
                              const Conv2DPacked& layout, const FusedAdd* add,
                              const LayerOperands& operands) {
  return {reinterpret_cast<const float*>(packed + layout.multiplier),
          reinterpret_cast<const float*>(packed + layout.multiplier_negative),
          add,
          operands.addend,
          operands.output,
          conv.geometry.window.out_c,
          *reinterpret_cast<const int32_t*>(packed),
          conv.output};
}

}  // namespace
}  // namespace durward
