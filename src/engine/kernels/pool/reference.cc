#include <algorithm>

#include "engine/kernels/pool/pool.h"

namespace durward {
namespace {

// Calls window(output pixel, first row, end row, first column, end column) with the part of each
// window that lies in the image, and the image's first element.
template <typename Value, typename Window>
void for_each_window(const WindowGeometry& w, const Value* input, const Window& window) {
  int64_t pixel = 0;
  for (int64_t n = 0; n < w.batch; ++n) {
    const Value* image = input + n * w.in_h * w.in_w * w.in_c;
    for (int64_t y = 0; y < w.out_h; ++y) {
      const int64_t top = y * w.stride_h - w.pad_top;
      for (int64_t x = 0; x < w.out_w; ++x, ++pixel) {
        const int64_t left = x * w.stride_w - w.pad_left;
        window(pixel, image, std::max<int64_t>(top, 0), std::min(top + w.kernel_h, w.in_h),
               std::max<int64_t>(left, 0), std::min(left + w.kernel_w, w.in_w));
      }
    }
  }
}

template <typename Value>
void max_pool(const WindowGeometry& w, const Value* input, Value* output) {
  const int64_t channels = w.in_c;
  for_each_window(w, input,
                  [&](int64_t pixel, const Value* image, int64_t top, int64_t bottom, int64_t left,
                      int64_t right) {
                    Value* out = output + pixel * channels;
                    std::copy_n(image + (top * w.in_w + left) * channels, channels, out);
                    for (int64_t y = top; y < bottom; ++y) {
                      for (int64_t x = left; x < right; ++x) {
                        const Value* in = image + (y * w.in_w + x) * channels;
                        for (int64_t c = 0; c < channels; ++c) out[c] = std::max(out[c], in[c]);
                      }
                    }
                  });
}

// store(output pixel, sums per channel, number of elements averaged)
template <typename Value, typename Sum, typename Store>
void sum_pool(const WindowGeometry& w, bool count_padding, const Value* input, Sum zero_point,
              Sum* sums, const Store& store) {
  const int64_t channels = w.in_c;
  for_each_window(
      w, input,
      [&](int64_t pixel, const Value* image, int64_t top, int64_t bottom, int64_t left,
          int64_t right) {
        std::fill_n(sums, channels, Sum{0});
        for (int64_t y = top; y < bottom; ++y) {
          for (int64_t x = left; x < right; ++x) {
            const Value* in = image + (y * w.in_w + x) * channels;
            for (int64_t c = 0; c < channels; ++c) sums[c] += static_cast<Sum>(in[c]) - zero_point;
          }
        }
        store(pixel, count_padding ? w.kernel_h * w.kernel_w : (bottom - top) * (right - left));
      });
}

}  // namespace

void max_pool_int8(const WindowGeometry& window, const int8_t* input, int8_t* output) noexcept {
  max_pool(window, input, output);
}

void max_pool_float(const WindowGeometry& window, const float* input, float* output) noexcept {
  max_pool(window, input, output);
}

size_t average_pool_scratch_bytes(const WindowGeometry& window) {
  return static_cast<size_t>(window.in_c) * sizeof(int32_t);
}

void average_pool_int8(const AveragePoolInt8& pool, const int8_t* input, int8_t* output,
                       std::byte* scratch) noexcept {
  auto* sums = reinterpret_cast<int32_t*>(scratch);
  sum_pool(pool.window, pool.count_padding, input, pool.input_zero_point, sums,
           [&](int64_t pixel, int64_t count) {
             int8_t* out = output + pixel * pool.window.in_c;
             for (int64_t c = 0; c < pool.window.in_c; ++c) {
               out[c] = requantize(sums[c], pool.multiplier[count], pool.output);
             }
           });
}

void average_pool_float(const WindowGeometry& window, bool count_padding, const float* input,
                        float* output, std::byte* scratch) noexcept {
  auto* sums = reinterpret_cast<float*>(scratch);
  sum_pool(window, count_padding, input, 0.0f, sums, [&](int64_t pixel, int64_t count) {
    float* out = output + pixel * window.in_c;
    for (int64_t c = 0; c < window.in_c; ++c) out[c] = sums[c] / static_cast<float>(count);
  });
}

}  // namespace durward
