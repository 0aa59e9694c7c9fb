// Convolution with the dot products of Armv8.2: SDOT adds four products of int8 to each int32.
#include "engine/kernels/conv2d/neon_tiles.h"

namespace durward {
namespace {

struct DotprodTile {
  static constexpr Conv2DNeonPacking kPacking = kConv2DNeonDotprodPacking;

  // Four bytes of each row, those of lane kLane, with eight channels.
  template <int kLane, int kCount>
  [[gnu::always_inline]] static void add_lane(const int8x16_t (&x)[kCount], const int8_t* weights,
                                              int32x4_t (&sums)[kCount][2]) {
    const int8x16_t w0 = vld1q_s8(weights + 32 * kLane);
    const int8x16_t w1 = vld1q_s8(weights + 32 * kLane + 16);
    for (int r = 0; r < kCount; ++r) {
      sums[r][0] = vdotq_laneq_s32(sums[r][0], w0, x[r], kLane);
      sums[r][1] = vdotq_laneq_s32(sums[r][1], w1, x[r], kLane);
    }
  }

  template <int kCount>
  [[gnu::always_inline]] static void multiply(const int8_t* rows, int64_t stride,
                                              const int8_t* weights, int64_t steps,
                                              const int32x4_t (&bias)[2],
                                              int32x4_t (&sums)[kCount][2]) {
    for (int r = 0; r < kCount; ++r) {
      sums[r][0] = bias[0];
      sums[r][1] = bias[1];
    }
    do {
      int8x16_t x[kCount];
      for (int r = 0; r < kCount; ++r) x[r] = vld1q_s8(rows + r * stride);
      add_lane<0>(x, weights, sums);
      add_lane<1>(x, weights, sums);
      add_lane<2>(x, weights, sums);
      add_lane<3>(x, weights, sums);
      rows += kConv2DNeonStep;
      weights += kConv2DNeonChannels * kConv2DNeonStep;
    } while (--steps > 0);
  }
};

}  // namespace

void conv2d_run_neon_dotprod(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                             const LayerOperands& operands) noexcept {
  run_conv2d<DotprodTile>(conv, packed, add, operands);
}

}  // namespace durward
