#include <bit>

#include "engine/kernels/quantize/quantize.h"

namespace durward {
namespace {

int32_t round_symmetric(float steps, double lowest, double highest) {
  constexpr double kRounder = 6755399441055744.0;  // 1.5 * 2^52, as in round_within
  double clamped = steps > lowest ? double{steps} : lowest;
  clamped = clamped < highest ? clamped : highest;
  return static_cast<int32_t>(std::bit_cast<int64_t>(clamped + kRounder) -
                              std::bit_cast<int64_t>(kRounder));
}

template <typename T>
void quantize_channels(const SymmetricQuantization& g, double lowest, double highest,
                       const float* input, T* output) {
  for (int64_t o = 0; o < g.outer; ++o) {
    for (int64_t c = 0; c < g.channels; ++c) {
      for (int64_t i = 0; i < g.inner; ++i) {
        *output++ = static_cast<T>(round_symmetric(*input++ / g.scales[c], lowest, highest));
      }
    }
  }
}

}  // namespace

void quantize_int8(float scale, const Int8Output& range, int64_t count, const float* input,
                   int8_t* output) noexcept {
  for (int64_t i = 0; i < count; ++i) output[i] = round_to_int8(input[i] / scale, range);
}

void quantize_symmetric(const SymmetricQuantization& geometry, const float* input,
                        int16_t* output) noexcept {
  quantize_channels(geometry, -32768.0, 32767.0, input, output);
}

void quantize_symmetric(const SymmetricQuantization& geometry, const float* input,
                        int32_t* output) noexcept {
  quantize_channels(geometry, -2147483648.0, 2147450879.0, input, output);
}

}  // namespace durward
