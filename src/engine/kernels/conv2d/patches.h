// Copies the inputs under output pixels into rows, one row per pixel, so that a convolution becomes
// a matrix product. For the files that are compiled for an instruction set alone: what is here has
// no external linkage.
#pragma once

#include <cstdint>

#include "engine/kernels/conv2d/conv2d.h"

namespace durward {
namespace {

// Output pixels x..x + count - 1 of row y of an image.
struct PatchRun {
  const int8_t* image;
  int64_t y, x, count;
};

// The rest of this header is written for a Copy, which has
//   Value                           what a row consists of
//   static void copy(Value* to, const int8_t* from, int64_t count)
//   static void fill(Value* to, int32_t input, int64_t count)
// either of which may write up to 64 bytes, but not read, beyond `count`.

// The inputs under an output pixel whose window may hang over the edge, or has gaps.
template <typename Copy>
inline void copy_taps(const Conv2DInt8& conv, const int8_t* image, int64_t top, int64_t left,
                      typename Copy::Value* row) {
  const WindowGeometry& w = conv.geometry.window;
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    const int64_t y = top + ky * w.dilation_h;
    for (int64_t kx = 0; kx < w.kernel_w; ++kx, row += w.in_c) {
      const int64_t x = left + kx * w.dilation_w;
      if (y >= 0 && y < w.in_h && x >= 0 && x < w.in_w) {
        Copy::copy(row, image + (y * w.in_w + x) * w.in_c, w.in_c);
      } else {
        Copy::fill(row, conv.input_zero_point, w.in_c);
      }
    }
  }
}

// Patches of windows that lie within the image and whose taps lie side by side, `count` of them,
// the first one from `from` on.
template <typename Copy>
inline void copy_inner(const WindowGeometry& w, const int8_t* from, int64_t count, int64_t depth,
                       typename Copy::Value* rows) {
  const int64_t taps = w.kernel_w * w.in_c;
  const int64_t step = w.stride_w * w.in_c;
  const int64_t line = w.dilation_h * w.in_w * w.in_c;
  if (w.kernel_h == 1 && step == taps && depth == taps) {
    return Copy::copy(rows, from, count * taps);
  }
  for (int64_t p = 0; p < count; ++p, from += step, rows += depth) {
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      Copy::copy(rows + ky * taps, from + ky * line, taps);
    }
  }
}

template <typename Copy>
inline void copy_run(const Conv2DInt8& conv, const PatchRun& run, int64_t depth,
                     typename Copy::Value* rows) {
  const WindowGeometry& w = conv.geometry.window;
  const int64_t top = run.y * w.stride_h - w.pad_top;
  const bool inside =
      w.dilation_w == 1 && top >= 0 && top + (w.kernel_h - 1) * w.dilation_h < w.in_h;
  const int64_t last = w.in_w - w.kernel_w;  // where the last window within the image begins
  int64_t left = run.x * w.stride_w - w.pad_left;
  for (int64_t p = 0; p < run.count; ++p, left += w.stride_w) {
    if (inside && left >= 0 && left <= last) {
      const int64_t fitting = (last - left) / w.stride_w + 1;
      const int64_t count = fitting < run.count - p ? fitting : run.count - p;
      copy_inner<Copy>(w, run.image + (top * w.in_w + left) * w.in_c, count, depth,
                       rows + p * depth);
      p += count - 1;
      left += (count - 1) * w.stride_w;
    } else {
      copy_taps<Copy>(conv, run.image, top, left, rows + p * depth);
    }
  }
}

// Patches of output pixels first..first + count - 1 (of all images of the batch, row by row) into
// rows of `depth` values. What lies between a patch and the next row is undefined; up to 64 bytes
// behind the last row are written.
template <typename Copy>
inline void copy_patches(const Conv2DInt8& conv, const int8_t* input, int64_t first, int64_t count,
                         int64_t depth, typename Copy::Value* rows) {
  const WindowGeometry& w = conv.geometry.window;
  const int64_t row = first / w.out_w;
  PatchRun run{input + row / w.out_h * (w.in_h * w.in_w * w.in_c), row % w.out_h, first % w.out_w,
               0};
  while (count > 0) {
    run.count = w.out_w - run.x < count ? w.out_w - run.x : count;
    copy_run<Copy>(conv, run, depth, rows);
    rows += run.count * depth;
    count -= run.count;
    run.x = 0;
    if (++run.y < w.out_h) continue;
    run.y = 0;
    run.image += w.in_h * w.in_w * w.in_c;
  }
}

}  // namespace
}  // namespace durward
