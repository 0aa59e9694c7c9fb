// Depthwise convolution with the dot products of Armv8.2: SDOT adds the products of four taps,
// whose pixels are interleaved for it, to each int32.
#include "engine/kernels/depthwise/neon_rows.h"

namespace durward {
namespace {

struct DotprodTaps {
  static constexpr int64_t kGroup = kDepthwiseNeonDotprodGroup;

  // Four pixels interleaved: four channels in each vector.
  struct Column {
    int8x16_t channels[4];
  };

  [[gnu::always_inline]] static Column interleave(int8x16_t a, int8x16_t b, int8x16_t c,
                                                  int8x16_t d) {
    const int16x8_t ab_low = vreinterpretq_s16_s8(vzip1q_s8(a, b));
    const int16x8_t ab_high = vreinterpretq_s16_s8(vzip2q_s8(a, b));
    const int16x8_t cd_low = vreinterpretq_s16_s8(vzip1q_s8(c, d));
    const int16x8_t cd_high = vreinterpretq_s16_s8(vzip2q_s8(c, d));
    return {{vreinterpretq_s8_s16(vzip1q_s16(ab_low, cd_low)),
             vreinterpretq_s8_s16(vzip2q_s16(ab_low, cd_low)),
             vreinterpretq_s8_s16(vzip1q_s16(ab_high, cd_high)),
             vreinterpretq_s8_s16(vzip2q_s16(ab_high, cd_high))}};
  }

  [[gnu::always_inline]] static void add_column(Sums& sums, const Column& x,
                                                const int8_t* weights) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      sums.four[i] = vdotq_s32(sums.four[i], x.channels[i], vld1q_s8(weights + i * kBlock));
    }
  }

  [[gnu::always_inline]] static void add_group(Sums& sums, const int8x16_t (&pixels)[kGroup],
                                               const int8_t* weights) {
    add_column(sums, interleave(pixels[0], pixels[1], pixels[2], pixels[3]), weights);
  }

  // The fourth pixel meets weights of zero.
  [[gnu::always_inline]] static Column column(const int8x16_t (&pixels)[3]) {
    return interleave(pixels[0], pixels[1], pixels[2], pixels[2]);
  }

  [[gnu::always_inline]] static void add_window(Sums& sums, const Column& a, const Column& b,
                                                const Column& c, const int8_t* weights) {
    add_column(sums, a, weights);
    add_column(sums, b, weights + 4 * kBlock);
    add_column(sums, c, weights + 8 * kBlock);
  }
};

}  // namespace

void depthwise_run_neon_dotprod(const DepthwiseInt8& conv, const std::byte* packed,
                                const FusedAdd* add, const LayerOperands& operands) noexcept {
  run_depthwise<DotprodTaps>(conv, packed, add, operands);
}

}  // namespace durward
