#include "l2_normalize.h"

/* The root of a whole number from 1 to 2^40 that a float holds, rounded to the nearest float as
 * IEEE 754 has it; without libm, whose roots need not be. */
static float square_root(float value) {
  uint64_t square = (uint64_t)value, low, high;
  int32_t exponent = 0;
  float root;
  /* 2^48 <= square < 2^50, the exponent even: its root has 25 bits, one more than a float. */
  while (square >= (uint64_t)1 << 50) {
    square >>= 2;
    ++exponent;
  }
  while (square < (uint64_t)1 << 48) {
    square <<= 2;
    --exponent;
  }
  low = (uint64_t)1 << 24;
  high = (uint64_t)1 << 25;
  while (high - low > 1) { /* low * low <= square < high * high */
    const uint64_t middle = (low + high) / 2;
    if (middle * middle <= square) {
      low = middle;
    } else {
      high = middle;
    }
  }
  /* The last of the 25 bits is half a unit of the float. Nothing lies exactly in the middle: the
   * square of an odd number of 25 bits is no float. */
  low += low & 1;
  root = (float)(uint32_t)(low >> 1);
  for (exponent += 1; exponent < 0; ++exponent) root *= 0.5f;
  for (; exponent > 0; --exponent) root *= 2.0f;
  return root;
}

static void one_vector(const dw_l2_normalize_call* call, const int8_t* x, int8_t* y) {
  const int32_t length = call->axis.length, step = call->axis.inner;
  int64_t sum = 0;
  float steps = 0;
  int32_t i;
  for (i = 0; i < length; ++i) {
    const int32_t value = x[i * step] - call->zero_point;
    sum += value * value;
  }
  if (sum != 0) steps = call->inverse_output_scale / square_root((float)sum);
  for (i = 0; i < length; ++i) {
    y[i * step] = dw_round((float)(x[i * step] - call->zero_point) * steps, &call->output);
  }
}

void dw_l2_normalize(const dw_l2_normalize_call* call, const int8_t* input, int8_t* output) {
  const dw_axis* axis = &call->axis;
  int32_t o, i;
  for (o = 0; o < axis->outer; ++o) {
    for (i = 0; i < axis->inner; ++i) {
      const int32_t first = o * axis->length * axis->inner + i;
      one_vector(call, input + first, output + first);
    }
  }
}
