// Depthwise convolution with the multiplications that every AArch64 has: products of int8 are added
// two by two in int16, then to int32.
#include "engine/kernels/depthwise/neon_rows.h"

namespace durward {
namespace {

[[gnu::always_inline]] inline void add_wide(Sums& sums, int16x8_t low, int16x8_t high) {
  sums.four[0] = vaddw_s16(sums.four[0], vget_low_s16(low));
  sums.four[1] = vaddw_high_s16(sums.four[1], low);
  sums.four[2] = vaddw_s16(sums.four[2], vget_low_s16(high));
  sums.four[3] = vaddw_high_s16(sums.four[3], high);
}

[[gnu::always_inline]] inline void add_tap(Sums& sums, int8x16_t x, int8x16_t w) {
  add_wide(sums, vmull_s8(vget_low_s8(x), vget_low_s8(w)), vmull_high_s8(x, w));
}

// Weights are at least -127: 2 * 128 * 127 = 32512.
[[gnu::always_inline]] inline void add_taps(Sums& sums, int8x16_t x0, int8x16_t w0, int8x16_t x1,
                                            int8x16_t w1) {
  const int16x8_t low = vmull_s8(vget_low_s8(x0), vget_low_s8(w0));
  const int16x8_t high = vmull_high_s8(x0, w0);
  add_wide(sums, vmlal_s8(low, vget_low_s8(x1), vget_low_s8(w1)), vmlal_high_s8(high, x1, w1));
}

struct NeonTaps {
  static constexpr int64_t kGroup = kDepthwiseNeonGroup;

  struct Column {
    int8x16_t pixel[3];
  };

  [[gnu::always_inline]] static void add_group(Sums& sums, const int8x16_t (&pixels)[kGroup],
                                               const int8_t* weights) {
    add_taps(sums, pixels[0], vld1q_s8(weights), pixels[1], vld1q_s8(weights + kBlock));
  }

  [[gnu::always_inline]] static Column column(const int8x16_t (&pixels)[3]) {
    return {{pixels[0], pixels[1], pixels[2]}};
  }

  [[gnu::always_inline]] static void add_window(Sums& sums, Column& a, Column& b, Column& c,
                                                const int8_t* weights) {
    // Or else GCC keeps the lower halves of all these in registers of their own, which do not
    // suffice, and spills them.
    asm(""
        : "+r"(weights), "+w"(a.pixel[0]), "+w"(a.pixel[1]), "+w"(a.pixel[2]), "+w"(b.pixel[0]),
          "+w"(b.pixel[1]), "+w"(b.pixel[2]), "+w"(c.pixel[0]), "+w"(c.pixel[1]), "+w"(c.pixel[2]));
    int8x16_t w[9];
#pragma GCC unroll 9
    for (int tap = 0; tap < 9; ++tap) w[tap] = vld1q_s8(weights + tap * kBlock);
    add_taps(sums, a.pixel[0], w[0], b.pixel[0], w[1]);
    add_taps(sums, c.pixel[0], w[2], a.pixel[1], w[3]);
    add_taps(sums, b.pixel[1], w[4], c.pixel[1], w[5]);
    add_taps(sums, a.pixel[2], w[6], b.pixel[2], w[7]);
    add_tap(sums, c.pixel[2], w[8]);
  }
};

}  // namespace

void depthwise_run_neon(const DepthwiseInt8& conv, const std::byte* packed, const FusedAdd* add,
                        const LayerOperands& operands) noexcept {
  run_depthwise<NeonTaps>(conv, packed, add, operands);
}

}  // namespace durward
