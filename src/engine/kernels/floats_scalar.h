// One float with the functions of floats_avx2.h that the reference needs.
#pragma once

#include <bit>
#include <cstdint>

namespace durward {

struct FloatsScalar {
  using Value = float;

  static Value set(float value) { return value; }
  static Value add(Value a, Value b) { return a + b; }
  static Value sub(Value a, Value b) { return a - b; }
  static Value mul(Value a, Value b) { return a * b; }
  static Value div(Value a, Value b) { return a / b; }
  static Value max(Value a, Value b) { return a > b ? a : b; }
  static Value min(Value a, Value b) { return a < b ? a : b; }
  static Value power_of_two(Value shifted) {
    return std::bit_cast<float>((std::bit_cast<uint32_t>(shifted) + 127u) << 23);
  }
};

}  // namespace durward
