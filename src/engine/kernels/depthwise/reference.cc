#include <algorithm>

#include "engine/kernels/depthwise/depthwise.h"

namespace durward {
namespace {

// sums[c] = bias[c] + sum over the taps inside the image of (input - zero_point) * weight.
template <typename Value, typename Sum>
void accumulate_window(const WindowGeometry& w, const Value* weights, const Sum* bias,
                       const Value* image, int64_t out_y, int64_t out_x, Sum zero_point,
                       Sum* __restrict sums) {
  const int64_t channels = w.out_c;
  const int64_t multiplier = w.out_c / w.in_c;
  if (bias == nullptr) {
    std::fill_n(sums, channels, Sum{0});
  } else {
    std::copy_n(bias, channels, sums);
  }
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    const int64_t y = out_y * w.stride_h - w.pad_top + ky * w.dilation_h;
    if (y < 0 || y >= w.in_h) continue;
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      const int64_t x = out_x * w.stride_w - w.pad_left + kx * w.dilation_w;
      if (x < 0 || x >= w.in_w) continue;
      const Value* pixel = image + (y * w.in_w + x) * w.in_c;
      const Value* tap = weights + (ky * w.kernel_w + kx) * channels;
      if (multiplier == 1) {
        for (int64_t c = 0; c < channels; ++c) {
          sums[c] += (static_cast<Sum>(pixel[c]) - zero_point) * static_cast<Sum>(tap[c]);
        }
      } else {
        for (int64_t c = 0; c < channels; ++c) {
          sums[c] +=
              (static_cast<Sum>(pixel[c / multiplier]) - zero_point) * static_cast<Sum>(tap[c]);
        }
      }
    }
  }
}

}  // namespace

size_t depthwise_scratch_bytes(const WindowGeometry& window) {
  static_assert(sizeof(int32_t) == sizeof(float));
  return static_cast<size_t>(window.out_c) * sizeof(int32_t);
}

void depthwise_int8(const DepthwiseInt8& conv, const int8_t* input, int8_t* output,
                    std::byte* scratch) noexcept {
  const WindowGeometry& w = conv.window;
  auto* sums = reinterpret_cast<int32_t*>(scratch);
  for (int64_t n = 0; n < w.batch; ++n) {
    const int8_t* image = input + n * w.in_h * w.in_w * w.in_c;
    for (int64_t y = 0; y < w.out_h; ++y) {
      for (int64_t x = 0; x < w.out_w; ++x, output += w.out_c) {
        accumulate_window(w, conv.weights, conv.bias, image, y, x, conv.input_zero_point, sums);
        for (int64_t c = 0; c < w.out_c; ++c) {
          const float multiplier = sums[c] < 0 ? conv.multiplier_negative[c] : conv.multiplier[c];
          output[c] = requantize(sums[c], multiplier, conv.output);
        }
      }
    }
  }
}

void depthwise_float(const DepthwiseFloat& conv, const float* input, float* output,
                     std::byte* scratch) noexcept {
  const WindowGeometry& w = conv.window;
  auto* sums = reinterpret_cast<float*>(scratch);
  for (int64_t n = 0; n < w.batch; ++n) {
    const float* image = input + n * w.in_h * w.in_w * w.in_c;
    for (int64_t y = 0; y < w.out_h; ++y) {
      for (int64_t x = 0; x < w.out_w; ++x, output += w.out_c) {
        accumulate_window(w, conv.weights, conv.bias, image, y, x, 0.0f, sums);
        for (int64_t c = 0; c < w.out_c; ++c) output[c] = activate(sums[c], c, conv.output);
      }
    }
  }
}

}  // namespace durward
