// Bilinear resizing of int8, for vectors F of floats (floats_avx2.h says what they have). For the
// files that are compiled for an instruction set alone.
#pragma once

#include "engine/kernels/resize/resize.h"
#include "engine/kernels/vectors/int8_result.h"

namespace durward {
namespace {

// The four pixels around a point of the input and where between them it lies.
template <typename F>
struct ResizedPixel {
  ResizedPixel(const ResizeGeometry& g, const int8_t* image, const ResizeTap& row,
               const ResizeTap& column)
      : corners{image + (row.low * g.in_w + column.low) * g.channels,
                image + (row.low * g.in_w + column.high) * g.channels,
                image + (row.high * g.in_w + column.low) * g.channels,
                image + (row.high * g.in_w + column.high) * g.channels},
        across(F::set(column.fraction)),
        down(F::set(row.fraction)) {}

  // load(corner) gives the channels of one corner as floats.
  template <typename Load>
  [[nodiscard]] typename F::Value at(const Load& load) const {
    return between(between(load(corners[0]), load(corners[1]), across),
                   between(load(corners[2]), load(corners[3]), across), down);
  }

  static typename F::Value between(typename F::Value a, typename F::Value b,
                                   typename F::Value fraction) {
    return F::add(a, F::mul(F::sub(b, a), fraction));
  }

  const int8_t* corners[4];
  typename F::Value across, down;
};

template <typename F>
void resize_vectors(const ResizeGeometry& g, int32_t input_zero_point, float multiplier,
                    const Int8Output& range, const int8_t* input, int8_t* output) noexcept {
  const auto zero = F::set_words(input_zero_point);
  const auto scale = F::set(multiplier);
  const Int8Result<F> result(range);
  const int64_t whole = g.channels / F::kLanes * F::kLanes, left = g.channels - whole;
  for (int64_t n = 0; n < g.batch; ++n) {
    const int8_t* image = input + n * g.in_h * g.in_w * g.channels;
    for (int64_t y = 0; y < g.out_h; ++y) {
      for (int64_t x = 0; x < g.out_w; ++x, output += g.channels) {
        const ResizedPixel<F> pixel(g, image, g.rows[y], g.columns[x]);
        for (int64_t c = 0; c < whole; c += F::kLanes) {
          const auto value = pixel.at(
              [&](const int8_t* corner) { return F::difference(F::load_words(corner + c), zero); });
          result.store(output + c, F::mul(value, scale), F::kLanes);
        }
        if (left == 0) continue;
        const auto value = pixel.at([&](const int8_t* corner) {
          return F::difference(F::load_words_first(corner + whole, left), zero);
        });
        result.store(output + whole, F::mul(value, scale), left);
      }
    }
  }
}

}  // namespace
}  // namespace durward
