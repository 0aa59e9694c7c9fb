#include "requantize.h"

#if DURWARD_KERNELS == DURWARD_USES_C && !DURWARD_SOFT_FLOAT

void dw_requantize_row(const dw_requantize* how, int32_t first, int32_t count, const int32_t* sums,
                       const int8_t* addend, int8_t* to) {
  int32_t i;
  for (i = 0; i < count; ++i) {
    const int32_t sum = sums[i] + how->bias[first + i];
    const float multiplier =
        sum < 0 ? how->multiplier_negative[first + i] : how->multiplier[first + i];
    const int8_t result = dw_round((float)sum * multiplier, &how->output);
    to[i] = how->add == NULL ? result : dw_with_addend(how->add, result, addend[i]);
  }
}

#endif
