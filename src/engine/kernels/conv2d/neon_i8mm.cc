// Convolution with the matrix products of Armv8.6: SMMLA multiplies two pixels by two channels,
// eight deep.
#include "engine/kernels/conv2d/neon_tiles.h"

namespace durward {
namespace {

struct I8mmTile {
  static constexpr Conv2DNeonPacking kPacking = kConv2DNeonI8mmPacking;

  // products[p][c]: pixels 2 * p and 2 * p + 1 by channels 2 * c and 2 * c + 1.
  template <int kPixelPairs>
  [[gnu::always_inline]] static void multiply_pairs(const int8_t* pairs, int64_t stride,
                                                    const int8_t* weights, int64_t steps,
                                                    int32x4_t (&products)[kPixelPairs][4]) {
    const int8_t* end = pairs + 2 * steps * kConv2DNeonStep;
    do {
      int8x16_t x[kPixelPairs];
      for (int p = 0; p < kPixelPairs; ++p) x[p] = vld1q_s8(pairs + 2 * p * stride);
      for (int c = 0; c < 4; ++c) {
        const int8x16_t w = vld1q_s8(weights + c * kConv2DNeonStep);
        for (int p = 0; p < kPixelPairs; ++p) {
          products[p][c] = vmmlaq_s32(products[p][c], x[p], w);
        }
      }
      pairs += kConv2DNeonStep;
      weights += 4 * kConv2DNeonStep;
    } while (pairs != end);
  }

  template <int kCount>
  [[gnu::always_inline]] static void multiply(const int8_t* rows, int64_t stride,
                                              const int8_t* weights, int64_t steps,
                                              const int32x4_t (&bias)[2],
                                              int32x4_t (&sums)[kCount][2]) {
    constexpr int kPixelPairs = (kCount + 1) / 2;
    int32x4_t products[kPixelPairs][4];
    for (int p = 0; p < kPixelPairs; ++p) {
      for (int h = 0; h < 2; ++h) {
        const int64x2_t pair = vreinterpretq_s64_s32(bias[h]);
        products[p][2 * h] = vreinterpretq_s32_s64(vzip1q_s64(pair, pair));
        products[p][2 * h + 1] = vreinterpretq_s32_s64(vzip2q_s64(pair, pair));
      }
    }
    multiply_pairs(rows, stride, weights, steps, products);
    for (int r = 0; r < kCount; ++r) {
      for (int h = 0; h < 2; ++h) {
        const int64x2_t a = vreinterpretq_s64_s32(products[r / 2][2 * h]);
        const int64x2_t b = vreinterpretq_s64_s32(products[r / 2][2 * h + 1]);
        sums[r][h] = vreinterpretq_s32_s64(r % 2 == 0 ? vzip1q_s64(a, b) : vzip2q_s64(a, b));
      }
    }
  }
};

}  // namespace

void conv2d_run_neon_i8mm(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                          const LayerOperands& operands) noexcept {
  run_conv2d<I8mmTile>(conv, packed, add, operands);
}

}  // namespace durward
