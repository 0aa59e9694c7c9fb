/* A float product rounded to an integer, in integers: what (float)sum * multiplier and dw_round give,
 * with their two roundings, in a quarter of the instructions of the compiler's float functions. */
#include "requantize.h"

#if DURWARD_KERNELS == DURWARD_USES_C && DURWARD_SOFT_FLOAT

/* value / 2^shift, rounded to nearest even; shift is 1..31. */
static inline uint32_t shifted(uint32_t value, uint32_t shift) {
  const uint32_t whole = value >> shift, rest = value << (32 - shift);
  return whole + (rest > 0x80000000u || (rest == 0x80000000u && (whole & 1) != 0));
}

/* The significant bits of a value that is not 0. */
static inline int32_t bits_of(uint32_t value) { return 32 - __builtin_clz(value); }

/* A magnitude: mantissa * 2^exponent, the mantissa of 24 bits at most, or 2^24. */
typedef struct {
  uint32_t mantissa;
  int32_t exponent;
} magnitude;

/* As the conversion to float rounds it. */
static inline magnitude float_of(uint32_t value) {
  magnitude result = {value, 0};
  if (value >> 24 == 0) return result;
  result.exponent = bits_of(value) - 24;
  result.mantissa = shifted(value, (uint32_t)result.exponent);
  return result;
}

/* As a float product is rounded. */
static inline magnitude product_of(magnitude a, magnitude b) {
  const uint64_t product = (uint64_t)a.mantissa * b.mantissa;
  uint32_t high = (uint32_t)(product >> 32), low = (uint32_t)product;
  magnitude result;
  int32_t drop;
  if (high == 0) {
    result = float_of(low);
    result.exponent += a.exponent + b.exponent;
    return result;
  }
  /* 9 to 17 bits of the product are in `high`: 32 of all are kept, and that there are others. */
  drop = bits_of(high);
  high = high << (32 - drop) | low >> drop;
  low = low << (32 - drop);
  high |= low != 0; /* below half of what the next rounding drops, 8 bits */
  result.mantissa = shifted(high, 8);
  result.exponent = a.exponent + b.exponent + drop + 8;
  return result;
}

/* Rounded to nearest even; 2^30 for what is larger. A mantissa that is not 0 is 2^23 at least, as the
 * multiplier's. */
static inline int32_t whole_of(magnitude m) {
  if (m.mantissa == 0 || m.exponent < -31) return 0;
  if (m.exponent > 5) return 1 << 30; /* 2^24 << 6 */
  if (m.exponent >= 0) return (int32_t)(m.mantissa << m.exponent);
  return (int32_t)shifted(m.mantissa, (uint32_t)-m.exponent);
}

/* (float)sum * multiplier, rounded and within the range; the multiplier is neither 0 nor below
 * 2^-126 nor above what a float holds. */
static int32_t round_product(int32_t sum, uint32_t multiplier, int32_t low, int32_t high) {
  const uint32_t size = sum < 0 ? 0u - (uint32_t)sum : (uint32_t)sum;
  const int negative = (sum < 0) != (multiplier >> 31 != 0);
  const magnitude factor = {(multiplier & 0x7fffffu) | 0x800000u,
                            (int32_t)(multiplier >> 23 & 0xff) - 150};
  const int32_t whole = whole_of(product_of(float_of(size), factor));
  const int32_t value = negative ? -whole : whole;
  return value < low ? low : value > high ? high : value;
}

void dw_requantize_row(const dw_requantize* how, int32_t first, int32_t count, const int32_t* sums,
                       const int8_t* addend, int8_t* to) {
  const int32_t low = (int32_t)how->output.low, high = (int32_t)how->output.high;
  int32_t i;
  for (i = 0; i < count; ++i) {
    const int32_t sum = sums[i] + how->bias[first + i];
    union {
      float value;
      uint32_t bits;
    } multiplier;
    uint32_t exponent;
    multiplier.value = sum < 0 ? how->multiplier_negative[first + i] : how->multiplier[first + i];
    exponent = multiplier.bits >> 23 & 0xff;
    if (exponent == 0 || exponent == 0xff) {
      to[i] = dw_round((float)sum * multiplier.value, &how->output);
    } else {
      to[i] = (int8_t)(round_product(sum, multiplier.bits, low, high) + how->output.zero_point);
    }
    if (how->add != NULL) to[i] = dw_with_addend(how->add, to[i], addend[i]);
  }
}

#endif
