// Sigmoid and tanh of recurrent layers, for vectors F of floats (floats_avx2.h and its siblings,
// floats_scalar.h for the reference): sums, products and quotients in one order, each rounded once,
// and no function of the C library, so that they have the same bits on every machine. Within 3
// units in the last place of the true value.
#pragma once

namespace durward {
namespace {

template <typename F>
struct Gates {
  using Value = typename F::Value;

  // 1 / (1 + e^-x)
  static Value sigmoid(Value x) {
    return F::div(F::set(1), F::add(F::set(2), exp_minus_one(F::sub(F::set(0), x))));
  }

  static Value tanh(Value x) {
    const Value e = exp_minus_one(F::add(x, x));
    return F::div(e, F::add(e, F::set(2)));
  }

  // e^x - 1 for x between -87 and 87, where both e^x and its inverse are normal numbers; beyond
  // them as at them. x = n ln 2 + r, |r| <= ln 2 / 2; of r the Taylor series up to r^7 / 7!, whose
  // next term is below 2^-27 r; e^x - 1 = 2^n (e^r - 1) + (2^n - 1).
  static Value exp_minus_one(Value x) {
    x = F::min(F::set(87), F::max(F::set(-87), x));  // NaN stays
    const Value rounder = F::set(12582912.0f);       // 1.5 * 2^23: what is added rounds to integers
    const Value shifted = F::add(F::mul(x, F::set(1.44269504f)), rounder);
    const Value n = F::sub(shifted, rounder);
    // ln 2 in two parts (Cody and Waite, 1980): n times the first, 355 / 512, is exact.
    Value r = F::sub(x, F::mul(n, F::set(0.693359375f)));
    r = F::sub(r, F::mul(n, F::set(-2.12194440e-4f)));
    constexpr float kInverseFactorials[] = {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 1.0f / 2};
    Value series = F::set(1.0f / 5040);
    for (const float coefficient : kInverseFactorials) {
      series = F::add(F::mul(series, r), F::set(coefficient));
    }
    const Value remainder = F::add(r, F::mul(F::mul(r, r), series));
    const Value power = F::power_of_two(shifted);
    return F::add(F::mul(remainder, power), F::sub(power, F::set(1)));
  }
};

}  // namespace
}  // namespace durward
