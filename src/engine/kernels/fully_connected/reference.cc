#include "engine/kernels/fully_connected/fully_connected.h"

namespace durward {

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

void fully_connected_int16(const FullyConnectedInt16& fc, const int16_t* input,
                           int16_t* output) noexcept {
  for (int64_t r = 0; r < fc.rows; ++r) {
    for (int64_t o = 0; o < fc.out; ++o) {
      const int16_t* x = input + r * fc.in;
      const int8_t* w = fc.weights + o * fc.in;
      int32_t sum = fc.bias[o];
      for (int64_t i = 0; i < fc.in; ++i) sum += int32_t{x[i]} * w[i];
      const float steps = static_cast<float>(sum) * fc.multiplier[o];
      output[r * fc.out + o] = static_cast<int16_t>(round_within(steps, fc.lowest, fc.highest));
    }
  }
}

}  // namespace durward
