// Convolution with the multiplications that every AArch64 has.
#include "engine/kernels/conv2d/neon_tiles.h"

namespace durward {
namespace {

struct NeonTile {
  static constexpr Conv2DNeonPacking kPacking = kConv2DNeonPacking;

  [[gnu::always_inline]] static int32x4_t add_across(int32x4_t a, int32x4_t b, int32x4_t c,
                                                     int32x4_t d) {
    return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
  }

  // partial[r][c]: four sums over parts of the depth. Two products of int8 fit int16, as weights
  // are at least -127: 2 * 128 * 127 = 32512.
  template <int kCount>
  [[gnu::always_inline]] static void multiply(const int8_t* rows, int64_t stride,
                                              const int8_t* weights, int64_t steps,
                                              const int32x4_t (&bias)[2],
                                              int32x4_t (&sums)[kCount][2]) {
    int32x4_t partial[kCount][kConv2DNeonChannels] = {};
    do {
      int8x16_t x[kCount];
      for (int r = 0; r < kCount; ++r) x[r] = vld1q_s8(rows + r * stride);
#pragma GCC unroll 8
      for (int c = 0; c < kConv2DNeonChannels; ++c) {
        const int8x16_t w = vld1q_s8(weights + c * kConv2DNeonStep);
#pragma GCC unroll 2
        for (int r = 0; r < kCount; ++r) {
          const int16x8_t products = vmull_s8(vget_low_s8(w), vget_low_s8(x[r]));
          partial[r][c] = vpadalq_s16(partial[r][c], vmlal_high_s8(products, w, x[r]));
        }
        // The next channel's weights are loaded after this channel's sum, or else GCC begins with
        // all channels at once, for which the registers do not suffice.
        if (c + 1 < kConv2DNeonChannels) asm("" : "+r"(weights), "+w"(partial[0][c]));
      }
      rows += kConv2DNeonStep;
      weights += kConv2DNeonChannels * kConv2DNeonStep;
    } while (--steps > 0);
#pragma GCC unroll 2
    for (int r = 0; r < kCount; ++r) {
      sums[r][0] = vaddq_s32(
          bias[0], add_across(partial[r][0], partial[r][1], partial[r][2], partial[r][3]));
      sums[r][1] = vaddq_s32(
          bias[1], add_across(partial[r][4], partial[r][5], partial[r][6], partial[r][7]));
    }
  }
};

}  // namespace

void conv2d_run_neon(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                     const LayerOperands& operands) noexcept {
  run_conv2d<NeonTile>(conv, packed, add, operands);
}

}  // namespace durward
