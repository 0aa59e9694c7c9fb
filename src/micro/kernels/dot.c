#include "dot.h"

#if DURWARD_KERNELS == DURWARD_USES_MVE
#include "dot_mve.h"
#elif DURWARD_KERNELS == DURWARD_USES_DSP
#include "dot_dsp.h"
#else
#include "dot_c.h"
#endif

void dw_dot_rows(const int8_t* weights, int32_t channels, int32_t depth, const int8_t* x0,
                 const int8_t* x1, int32_t* sums0, int32_t* sums1) {
  int32_t o, sums[4];
  for (o = 0; o < channels; o += 2) {
    const int8_t* row = weights + o * depth;
    const int last = o + 1 == channels;
    two_channels(row, last ? row : row + depth, depth, x0, x1, sums);
    sums0[o] = sums[0];
    sums1[o] = sums[1];
    if (last) return;
    sums0[o + 1] = sums[2];
    sums1[o + 1] = sums[3];
  }
}
