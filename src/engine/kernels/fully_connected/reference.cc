#include <algorithm>

#include "engine/kernels/dot.h"
#include "engine/kernels/fully_connected/fully_connected.h"

namespace durward {

size_t fully_connected_int8_scratch_bytes(int64_t in) {
  return static_cast<size_t>(padded_depth(in) * (kDotRows + 1)) * sizeof(int16_t);
}

void fully_connected_int8(const FullyConnectedInt8& fc, const int8_t* input, int8_t* output,
                          std::byte* scratch) noexcept {
  const int64_t padded = padded_depth(fc.in);
  auto* weights = reinterpret_cast<int16_t*>(scratch);
  int16_t* rows = weights + padded;
  std::fill_n(weights, padded * (kDotRows + 1), int16_t{0});
  for (int64_t first = 0; first < fc.rows; first += kDotRows) {
    const int64_t count = std::min(kDotRows, fc.rows - first);
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t i = 0; i < fc.in; ++i) {
        rows[r * padded + i] =
            static_cast<int16_t>(input[(first + r) * fc.in + i] - fc.input_zero_point);
      }
    }
    for (int64_t o = 0; o < fc.out; ++o) {
      std::copy_n(fc.weights + o * fc.in, fc.in, weights);
      const int32_t bias = fc.bias == nullptr ? 0 : fc.bias[o];
      int32_t sums[kDotRows] = {bias, bias, bias, bias};
      dot_int16(weights, rows, padded, sums);
      for (int64_t r = 0; r < count; ++r) {
        const float multiplier = sums[r] < 0 ? fc.multiplier_negative[o] : fc.multiplier[o];
        output[(first + r) * fc.out + o] = requantize(sums[r], multiplier, fc.output);
      }
    }
  }
}

void fully_connected_float(const FullyConnectedFloat& fc, const float* input,
                           float* output) noexcept {
  for (int64_t r = 0; r < fc.rows; ++r) {
    for (int64_t o = 0; o < fc.out; ++o) {
      const float* x = input + r * fc.in;
      const float* w = fc.weights + o * fc.in;
      float sum = 0;
      for (int64_t i = 0; i < fc.in; ++i) sum += x[i] * w[i];
      if (fc.bias != nullptr) sum += fc.bias[o];
      output[r * fc.out + o] = activate(sum, o, fc.output);
    }
  }
}

}  // namespace durward
