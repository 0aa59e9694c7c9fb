#include <algorithm>

#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/dot.h"

namespace durward {
namespace {

// Copies the inputs under one output pixel of one group to `row`, in the weights' order, as
// value - zero_point; zeros where the window hangs over the edge.
template <typename From, typename To>
void gather_window(const Conv2DGeometry& g, const From* image, int64_t group, int64_t out_y,
                   int64_t out_x, To zero_point, To* row) {
  const WindowGeometry& w = g.window;
  const int64_t channels = w.in_c / g.groups;
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    const int64_t y = out_y * w.stride_h - w.pad_top + ky * w.dilation_h;
    for (int64_t kx = 0; kx < w.kernel_w; ++kx, row += channels) {
      const int64_t x = out_x * w.stride_w - w.pad_left + kx * w.dilation_w;
      if (y < 0 || y >= w.in_h || x < 0 || x >= w.in_w) {
        std::fill_n(row, channels, To{0});
        continue;
      }
      const From* pixel = image + (y * w.in_w + x) * w.in_c + group * channels;
      for (int64_t c = 0; c < channels; ++c) {
        row[c] = static_cast<To>(static_cast<To>(pixel[c]) - zero_point);
      }
    }
  }
}

}  // namespace

size_t conv2d_int8_scratch_bytes(const Conv2DGeometry& g) {
  return static_cast<size_t>(padded_depth(g.depth()) * (g.window.out_c + kDotRows)) *
         sizeof(int16_t);
}

void conv2d_int8(const Conv2DInt8& conv, const int8_t* input, int8_t* output,
                 std::byte* scratch) noexcept {
  const Conv2DGeometry& g = conv.geometry;
  const WindowGeometry& w = g.window;
  const int64_t depth = g.depth();
  const int64_t padded = padded_depth(depth);
  const int64_t group_out = w.out_c / g.groups;
  auto* weights = reinterpret_cast<int16_t*>(scratch);
  int16_t* rows = weights + padded * w.out_c;
  std::fill_n(weights, padded * (w.out_c + kDotRows), int16_t{0});
  for (int64_t o = 0; o < w.out_c; ++o) {
    std::copy_n(conv.weights + o * depth, depth, weights + o * padded);
  }
  const int64_t pixels = w.out_h * w.out_w;
  for (int64_t n = 0; n < w.batch; ++n) {
    const int8_t* image = input + n * w.in_h * w.in_w * w.in_c;
    int8_t* result = output + n * pixels * w.out_c;
    for (int64_t first = 0; first < pixels; first += kDotRows) {
      const int64_t count = std::min(kDotRows, pixels - first);
      for (int64_t group = 0; group < g.groups; ++group) {
        for (int64_t r = 0; r < count; ++r) {
          gather_window(g, image, group, (first + r) / w.out_w, (first + r) % w.out_w,
                        static_cast<int16_t>(conv.input_zero_point), rows + r * padded);
        }
        for (int64_t o = group * group_out; o < (group + 1) * group_out; ++o) {
          const int32_t bias = conv.bias == nullptr ? 0 : conv.bias[o];
          int32_t sums[kDotRows] = {bias, bias, bias, bias};
          dot_int16(weights + o * padded, rows, padded, sums);
          for (int64_t r = 0; r < count; ++r) {
            const float multiplier = sums[r] < 0 ? conv.multiplier_negative[o] : conv.multiplier[o];
            result[(first + r) * w.out_c + o] = requantize(sums[r], multiplier, conv.output);
          }
        }
      }
    }
  }
}

size_t conv2d_float_scratch_bytes(const Conv2DGeometry& g) {
  const int64_t group_out = g.window.out_c / g.groups;
  return static_cast<size_t>(g.depth() * (g.window.out_c + kDotRows) + kDotRows * group_out) *
         sizeof(float);
}

void conv2d_float(const Conv2DFloat& conv, const float* input, float* output,
                  std::byte* scratch) noexcept {
  const Conv2DGeometry& g = conv.geometry;
  const WindowGeometry& w = g.window;
  const int64_t depth = g.depth();
  const int64_t group_out = w.out_c / g.groups;
  // [groups, depth, group_out]: the channels of one product side by side.
  auto* weights = reinterpret_cast<float*>(scratch);
  float* rows = weights + depth * w.out_c;
  float* sums = rows + depth * kDotRows;
  std::fill_n(rows, depth * kDotRows, 0.0f);
  for (int64_t o = 0; o < w.out_c; ++o) {
    float* column = weights + o / group_out * depth * group_out + o % group_out;
    for (int64_t k = 0; k < depth; ++k) column[k * group_out] = conv.weights[o * depth + k];
  }
  const int64_t pixels = w.out_h * w.out_w;
  for (int64_t n = 0; n < w.batch; ++n) {
    const float* image = input + n * w.in_h * w.in_w * w.in_c;
    float* result = output + n * pixels * w.out_c;
    for (int64_t first = 0; first < pixels; first += kDotRows) {
      const int64_t count = std::min(kDotRows, pixels - first);
      for (int64_t group = 0; group < g.groups; ++group) {
        for (int64_t r = 0; r < count; ++r) {
          gather_window(g, image, group, (first + r) / w.out_w, (first + r) % w.out_w, 0.0f,
                        rows + r * depth);
        }
        std::fill_n(sums, kDotRows * group_out, 0.0f);
        accumulate_float(weights + group * depth * group_out, rows, depth, group_out, sums);
        for (int64_t r = 0; r < count; ++r) {
          for (int64_t i = 0; i < group_out; ++i) {
            const int64_t o = group * group_out + i;
            const float bias = conv.bias == nullptr ? 0.0f : conv.bias[o];
            result[(first + r) * w.out_c + o] =
                activate(sums[r * group_out + i] + bias, o, conv.output);
          }
        }
      }
    }
  }
}

}  // namespace durward
