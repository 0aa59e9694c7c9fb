// The one requantisation: how a real number of output steps becomes an int8. docs/numerics.md says
// why it is this one. Everything that makes an int8 (accumulators, sums, averages, quantisation of
// floats) ends here, so that kernels for other instruction sets have one rule to match bit for bit.
#pragma once

#include <bit>
#include <cstdint>

namespace durward {

// The zero point of an int8 output and the range that its values are clamped to; a fused ReLU or
// ReLU6 narrows the range. -128 <= lowest <= highest <= 127.
struct Int8Output {
  int32_t zero_point = 0;
  int32_t lowest = -128;
  int32_t highest = 127;
};

// `steps` rounded to the nearest integer, ties to even, clamped to low..high, which lie within
// 2^22. NaN gives `low`.
[[nodiscard]] inline int32_t round_within(float steps, int32_t low, int32_t high) {
  // The bounds are integers, so clamping first gives what clamping last would, and keeps the
  // rounding below exact: 1.5 * 2^23 has a unit of 1 in its last place.
  constexpr float kRounder = 12582912.0f;
  float clamped = steps > static_cast<float>(low) ? steps : static_cast<float>(low);
  clamped = clamped < static_cast<float>(high) ? clamped : static_cast<float>(high);
  return std::bit_cast<int32_t>(clamped + kRounder) - std::bit_cast<int32_t>(kRounder);
}

// `steps` (the real result divided by the output's scale) rounded to the nearest integer, ties to
// even, plus the zero point, clamped to the output's range. NaN gives the lowest value.
[[nodiscard]] inline int8_t round_to_int8(float steps, const Int8Output& output) {
  return static_cast<int8_t>(
      round_within(steps, output.lowest - output.zero_point, output.highest - output.zero_point) +
      output.zero_point);
}

// An accumulator in units of s_in * s_w, with the multiplier s_in * s_w / s_out.
[[nodiscard]] inline int8_t requantize(int32_t accumulator, float multiplier,
                                       const Int8Output& output) {
  return round_to_int8(static_cast<float>(accumulator) * multiplier, output);
}

// What happens to a float result before it is stored: PReLU where slopes are given, then a clamp.
// ReLU is min = 0, ReLU6 is min = 0 and max = 6.
struct FloatOutput {
  float min = -__builtin_inff();
  float max = __builtin_inff();
  const float* slope = nullptr;  // one per output channel
};

[[nodiscard]] inline float clamp_float(float value, const FloatOutput& output) {
  value = value < output.min ? output.min : value;
  return value > output.max ? output.max : value;
}

// NaN passes through, so that a broken model shows.
[[nodiscard]] inline float activate(float value, int64_t channel, const FloatOutput& output) {
  if (output.slope != nullptr && value < 0) value *= output.slope[channel];
  return clamp_float(value, output);
}

}  // namespace durward
