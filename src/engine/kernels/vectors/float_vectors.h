// VectorKernels for vectors F (floats_avx2.h says what they have). For the files that are compiled
// for an instruction set alone.
#pragma once

#include "engine/kernels/vectors/vector_kernels.h"

namespace durward {
namespace {

template <typename F>
void quantize_vectors(float scale, const Int8Output& range, int64_t count, const float* input,
                      int8_t* output) noexcept {
  const auto divisor = F::set(scale);
  const auto low = F::set(static_cast<float>(range.lowest - range.zero_point));
  const auto high = F::set(static_cast<float>(range.highest - range.zero_point));
  const auto steps = [&](typename F::Value values) {
    return F::min(F::max(F::div(values, divisor), low), high);  // NaN becomes the lowest
  };
  int64_t i = 0;
  for (; i + F::kLanes <= count; i += F::kLanes) {
    F::store_int8(output + i, steps(F::load(input + i)), range.zero_point);
  }
  if (i < count) {
    F::store_int8_first(output + i, steps(F::load_first(input + i, count - i)), range.zero_point,
                        count - i);
  }
}

// The part of one window along one dimension that lies in the image.
struct Span {
  Span(int64_t start, int64_t kernel, int64_t size)
      : first(start < 0 ? 0 : start), end(start + kernel < size ? start + kernel : size) {}
  int64_t first, end;
};

// The largest values under one window, in the order of the reference: a NaN stays where it is the
// first value, and is passed over elsewhere.
template <typename F, typename Load>
typename F::Value largest(const WindowGeometry& w, const float* image, const Span& rows,
                          const Span& columns, const Load& load) {
  auto result = load(image + (rows.first * w.in_w + columns.first) * w.in_c);
  for (int64_t y = rows.first; y < rows.end; ++y) {
    for (int64_t x = columns.first; x < columns.end; ++x) {
      result = F::max(load(image + (y * w.in_w + x) * w.in_c), result);
    }
  }
  return result;
}

template <typename F>
void max_pool_pixel(const WindowGeometry& w, const float* image, const Span& rows,
                    const Span& columns, float* output) {
  int64_t c = 0;
  for (; c + F::kLanes <= w.in_c; c += F::kLanes) {
    F::store(output + c, largest<F>(w, image + c, rows, columns, F::load));
  }
  if (c == w.in_c) return;
  const auto load_last = [&](const float* from) { return F::load_first(from, w.in_c - c); };
  F::store_first(output + c, largest<F>(w, image + c, rows, columns, load_last), w.in_c - c);
}

template <typename F>
void max_pool_vectors(const WindowGeometry& w, const float* input, float* output) noexcept {
  for (int64_t n = 0; n < w.batch; ++n) {
    const float* image = input + n * w.in_h * w.in_w * w.in_c;
    for (int64_t y = 0; y < w.out_h; ++y) {
      const Span rows(y * w.stride_h - w.pad_top, w.kernel_h, w.in_h);
      for (int64_t x = 0; x < w.out_w; ++x, output += w.in_c) {
        const Span columns(x * w.stride_w - w.pad_left, w.kernel_w, w.in_w);
        max_pool_pixel<F>(w, image, rows, columns, output);
      }
    }
  }
}

template <typename F>
constexpr VectorKernels vector_kernels_of(Isa isa) {
  return {isa, quantize_vectors<F>, max_pool_vectors<F>};
}

}  // namespace
}  // namespace durward
