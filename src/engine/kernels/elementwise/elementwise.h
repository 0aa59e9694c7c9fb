// Functions of one element: tables in int8, plain functions in float; PReLU with a slope per
// channel; scale and shift per channel.
#pragma once

#include <cstdint>

#include "engine/kernels/requantize.h"

namespace durward {

// output[i] = table[input[i] + 128]. Every int8 function of one element is such a table (sigmoid,
// hard-swish, leaky ReLU, a change of scale), made once by the compiler: devices need no libm.
void lookup_int8(const int8_t* table, int64_t count, const int8_t* input, int8_t* output) noexcept;

struct PReluInt8 {
  int64_t rows = 1, channels = 1;
  const float* multiplier = nullptr;           // s_in / s_out, one per channel
  const float* multiplier_negative = nullptr;  // the same times the slope
  int32_t input_zero_point = 0;
  Int8Output output;
};

// output = requantize(input - input_zero_point), with the multiplier that its sign asks for.
void prelu_int8(const PReluInt8& prelu, const int8_t* input, int8_t* output) noexcept;

enum class FloatUnary : uint8_t {
  kRelu,
  kRelu6,
  kAbs,
  kNegate,
  kSqrt,
  kRsqrt,
  kExp,
  kLog,
  kSigmoid,
  kTanh,
  kHardSwish,
  kErf,
  kFloor,
  kCeil,
  kLeakyRelu,    // x >= 0 ? x : a * x
  kClip,         // between a and b
  kHardSigmoid,  // max(0, min(1, a * x + b))
};

struct UnaryFunction {
  FloatUnary kind = FloatUnary::kRelu;
  float a = 0, b = 0;
};

// The function in double, for tables.
[[nodiscard]] double evaluate(const UnaryFunction& function, double x) noexcept;
// The function in float, element by element.
void unary_float(const UnaryFunction& function, int64_t count, const float* input,
                 float* output) noexcept;

// output[r, c] = input < 0 ? input * slope[c] : input
void prelu_float(int64_t rows, int64_t channels, const float* slope, const float* input,
                 float* output) noexcept;

// output[r, c] = input * scale[c] + shift[c] over [rows, channels, inner], the product rounded
// first.
void scale_shift_float(int64_t rows, int64_t channels, int64_t inner, const float* scale,
                       const float* shift, const float* input, float* output) noexcept;

}  // namespace durward
