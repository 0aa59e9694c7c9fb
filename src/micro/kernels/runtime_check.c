#include "runtime_check.h"

/* Not inlined into constants: the values come from memory. */
static const volatile float kOne = 1.0f, kStep = 1.1920929e-7f /* 2^-23 */, kTiny = 1.0f + 0x1p-12f;

static float sum_of_products(float a, float b, float c, float d) {
  const float first = a * b;
  const float second = c * d;
  return first + second;
}

int dw_arithmetic_is_right(void) {
  const float one = kOne, half = kStep / 2, tiny = kTiny;
  /* 1 + 2^-24 and 1 + 3 * 2^-24 lie in the middle: to the even one. */
  const int nearest_even = one + half == one && one + 3 * half == one + 2 * kStep;
  const int toward_zero_differs = -one - 3 * half == -one - 2 * kStep;
  /* (1 + 2^-12)^2 rounds to 1 + 2^-11; in one step with the subtraction 2^-24 would be left. */
  const int separate = sum_of_products(tiny, tiny, -one, one + 0x1p-11f) == 0;
  return nearest_even && toward_zero_differs && separate;
}

uint32_t dw_checksum(uint32_t sum, const void* data, uint32_t bytes) {
  const uint8_t* const from = (const uint8_t*)data;
  uint32_t i;
  for (i = 0; i < bytes; ++i) sum = (sum ^ from[i]) * 16777619u;
  return sum;
}
