#include "engine/kernels/quantize/quantize.h"

namespace durward {

void quantize_int8(float scale, const Int8Output& range, int64_t count, const float* input,
                   int8_t* output) noexcept {
  for (int64_t i = 0; i < count; ++i) output[i] = round_to_int8(input[i] / scale, range);
}

}  // namespace durward
