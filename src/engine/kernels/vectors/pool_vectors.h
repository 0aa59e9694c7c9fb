// Max pooling of floats and of int8, for vectors of either. For the files that are compiled for an
// instruction set alone.
#pragma once

#include "engine/kernels/pool/pool.h"

namespace durward {
namespace {

// The part of one window along one dimension that lies in the image.
struct Span {
  Span(int64_t start, int64_t kernel, int64_t size)
      : first(start < 0 ? 0 : start), end(start + kernel < size ? start + kernel : size) {}
  int64_t first, end;
};

// Calls window(image, rows, columns, output) for each output pixel, in order.
template <typename T, typename Window>
void for_each_pool_window(const WindowGeometry& w, const T* input, T* output,
                          const Window& window) {
  for (int64_t n = 0; n < w.batch; ++n) {
    const T* image = input + n * w.in_h * w.in_w * w.in_c;
    for (int64_t y = 0; y < w.out_h; ++y) {
      const Span rows(y * w.stride_h - w.pad_top, w.kernel_h, w.in_h);
      for (int64_t x = 0; x < w.out_w; ++x, output += w.in_c) {
        window(image, rows, Span(x * w.stride_w - w.pad_left, w.kernel_w, w.in_w), output);
      }
    }
  }
}

// The largest values under one window, in the order of the reference: a NaN stays where it is the
// first value, and is passed over elsewhere.
template <typename V, typename T, typename Load>
typename V::Value largest(const WindowGeometry& w, const T* image, const Span& rows,
                          const Span& columns, const Load& load) {
  auto result = load(image + (rows.first * w.in_w + columns.first) * w.in_c);
  for (int64_t y = rows.first; y < rows.end; ++y) {
    for (int64_t x = columns.first; x < columns.end; ++x) {
      result = V::max(load(image + (y * w.in_w + x) * w.in_c), result);
    }
  }
  return result;
}

template <typename F>
void max_pool_vectors(const WindowGeometry& w, const float* input, float* output) noexcept {
  for_each_pool_window(
      w, input, output,
      [&w](const float* image, const Span& rows, const Span& columns, float* out) {
        int64_t c = 0;
        for (; c + F::kLanes <= w.in_c; c += F::kLanes) {
          F::store(out + c, largest<F>(w, image + c, rows, columns, F::load));
        }
        if (c == w.in_c) return;
        const auto load_last = [&](const float* from) { return F::load_first(from, w.in_c - c); };
        F::store_first(out + c, largest<F>(w, image + c, rows, columns, load_last), w.in_c - c);
      });
}

// Vectors reach over the last channel into the next pixel, which is written after this one; but not
// over the end of the tensors.
template <typename B>
void max_pool_bytes(const WindowGeometry& w, const int8_t* input, int8_t* output) noexcept {
  const int8_t* in_end = input + w.batch * w.in_h * w.in_w * w.in_c;
  const int8_t* out_end = output + w.batch * w.out_h * w.out_w * w.in_c;
  const auto load = [in_end](const int8_t* from) {
    return in_end - from >= B::kLanes ? B::load(from) : B::load_first(from, in_end - from);
  };
  for_each_pool_window(
      w, input, output,
      [&](const int8_t* image, const Span& rows, const Span& columns, int8_t* out) {
        for (int64_t c = 0; c < w.in_c; c += B::kLanes) {
          const auto result = largest<B>(w, image + c, rows, columns, load);
          const int64_t left = out_end - (out + c);
          if (left >= B::kLanes) {
            B::store(out + c, result);
          } else {
            B::store_first(out + c, result, left);
          }
        }
      });
}

}  // namespace
}  // namespace durward
