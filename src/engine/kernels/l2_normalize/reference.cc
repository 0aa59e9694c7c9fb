#include <algorithm>
#include <cmath>

#include "engine/kernels/l2_normalize/l2_normalize.h"

namespace durward {

void l2_normalize_int8(const L2NormalizeInt8& normalize, const int8_t* input,
                       int8_t* output) noexcept {
  const AxisGeometry& g = normalize.geometry;
  for (int64_t o = 0; o < g.outer; ++o) {
    for (int64_t n = 0; n < g.inner; ++n) {
      const int64_t first = o * g.length * g.inner + n;
      int64_t sum = 0;
      for (int64_t i = 0; i < g.length; ++i) {
        const int64_t x = input[first + i * g.inner] - normalize.input_zero_point;
        sum += x * x;
      }
      const float steps =
          sum == 0 ? 0.0f : normalize.inverse_output_scale / std::sqrt(static_cast<float>(sum));
      for (int64_t i = 0; i < g.length; ++i) {
        const int64_t at = first + i * g.inner;
        const auto x = static_cast<float>(input[at] - normalize.input_zero_point);
        output[at] = round_to_int8(x * steps, normalize.output);
      }
    }
  }
}

void l2_normalize_float(const AxisGeometry& g, float epsilon, const float* input,
                        float* output) noexcept {
  for (int64_t o = 0; o < g.outer; ++o) {
    for (int64_t n = 0; n < g.inner; ++n) {
      const int64_t first = o * g.length * g.inner + n;
      double sum = 0;
      for (int64_t i = 0; i < g.length; ++i) {
        const double x = input[first + i * g.inner];
        sum += x * x;
      }
      const double norm = std::sqrt(std::max(sum, static_cast<double>(epsilon)));
      for (int64_t i = 0; i < g.length; ++i) {
        const int64_t at = first + i * g.inner;
        output[at] = static_cast<float>(input[at] / norm);
      }
    }
  }
}

}  // namespace durward
