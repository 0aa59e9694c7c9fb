#include <cstring>

#include "engine/kernels/resize/resize.h"

namespace durward {
namespace {

// load turns an element into float, store turns the result into an output element.
template <typename Value, typename Load, typename Store>
void interpolate(const ResizeGeometry& g, const Value* input, Value* output, const Load& load,
                 const Store& store) {
  for (int64_t n = 0; n < g.batch; ++n) {
    const Value* image = input + n * g.in_h * g.in_w * g.channels;
    for (int64_t y = 0; y < g.out_h; ++y) {
      const ResizeTap& row = g.rows[y];
      for (int64_t x = 0; x < g.out_w; ++x, output += g.channels) {
        const ResizeTap& column = g.columns[x];
        const Value* a = image + (row.low * g.in_w + column.low) * g.channels;
        const Value* b = image + (row.low * g.in_w + column.high) * g.channels;
        const Value* c = image + (row.high * g.in_w + column.low) * g.channels;
        const Value* d = image + (row.high * g.in_w + column.high) * g.channels;
        for (int64_t i = 0; i < g.channels; ++i) {
          const float top = load(a[i]) + (load(b[i]) - load(a[i])) * column.fraction;
          const float bottom = load(c[i]) + (load(d[i]) - load(c[i])) * column.fraction;
          output[i] = store(top + (bottom - top) * row.fraction);
        }
      }
    }
  }
}

}  // namespace

void resize_linear_float(const ResizeGeometry& geometry, const float* input,
                         float* output) noexcept {
  const auto same = [](float value) { return value; };
  interpolate(geometry, input, output, same, same);
}

void resize_linear_int8(const ResizeGeometry& geometry, int32_t input_zero_point, float multiplier,
                        const Int8Output& range, const int8_t* input, int8_t* output) noexcept {
  interpolate(
      geometry, input, output,
      [&](int8_t value) { return static_cast<float>(value - input_zero_point); },
      [&](float value) { return round_to_int8(value * multiplier, range); });
}

void resize_nearest(const ResizeGeometry& g, int64_t element_bytes, const void* input,
                    void* output) noexcept {
  const int64_t pixel = g.channels * element_bytes;
  const auto* in = static_cast<const std::byte*>(input);
  auto* out = static_cast<std::byte*>(output);
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t y = 0; y < g.out_h; ++y) {
      for (int64_t x = 0; x < g.out_w; ++x, out += pixel) {
        const int64_t source = (n * g.in_h + g.rows[y].low) * g.in_w + g.columns[x].low;
        std::memcpy(out, in + source * pixel, static_cast<size_t>(pixel));
      }
    }
  }
}

}  // namespace durward
