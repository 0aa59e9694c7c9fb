#include <algorithm>
#include <cmath>

#include "engine/kernels/softmax/softmax.h"

namespace durward {
namespace {

// Calls run(first element, step between elements) for each vector that is normalised on its own.
template <typename Run>
void for_each_vector(const AxisGeometry& g, const Run& run) {
  for (int64_t o = 0; o < g.outer; ++o) {
    for (int64_t i = 0; i < g.inner; ++i) run(o * g.length * g.inner + i, g.inner);
  }
}

}  // namespace

void softmax_int8(const SoftmaxInt8& softmax, const int8_t* input, int8_t* output) noexcept {
  const int64_t length = softmax.geometry.length;
  for_each_vector(softmax.geometry, [&](int64_t first, int64_t step) {
    const int8_t* x = input + first;
    int32_t largest = -128;
    for (int64_t i = 0; i < length; ++i) largest = std::max<int32_t>(largest, x[i * step]);
    int64_t sum = 0;
    for (int64_t i = 0; i < length; ++i) sum += softmax.table[largest - x[i * step]];
    const float steps = softmax.inverse_output_scale / static_cast<float>(sum);
    for (int64_t i = 0; i < length; ++i) {
      const auto entry = static_cast<float>(softmax.table[largest - x[i * step]]);
      output[first + i * step] = round_to_int8(entry * steps, softmax.output);
    }
  });
}

void softmax_float(const AxisGeometry& geometry, const float* input, float* output) noexcept {
  for_each_vector(geometry, [&](int64_t first, int64_t step) {
    const float* x = input + first;
    float* y = output + first;
    float largest = x[0];
    for (int64_t i = 1; i < geometry.length; ++i) largest = std::max(largest, x[i * step]);
    double sum = 0;
    for (int64_t i = 0; i < geometry.length; ++i) {
      y[i * step] = std::exp(x[i * step] - largest);
      sum += y[i * step];
    }
    for (int64_t i = 0; i < geometry.length; ++i) {
      y[i * step] = static_cast<float>(y[i * step] / sum);
    }
  });
}

}  // namespace durward
