#include "depthwise.h"

#if DURWARD_KERNELS == DURWARD_USES_DSP
#include "depthwise_sums_dsp.h"
#elif DURWARD_KERNELS == DURWARD_USES_C
#include "depthwise_sums_c.h"
#endif

#if DURWARD_KERNELS != DURWARD_USES_MVE

void dw_depthwise_sums(const int8_t* const* taps, int32_t count, const int8_t* weights,
                       int32_t channels, int32_t* sums) {
  int32_t c, t;
  for (c = 0; c + 4 <= channels; c += 4) {
    four_channels(taps, count, weights + c, channels, c, sums + c);
  }
  for (; c < channels; ++c) {
    int32_t sum = 0;
    for (t = 0; t < count; ++t) sum += taps[t][c] * weights[t * channels + c];
    sums[c] = sum;
  }
}

#endif
