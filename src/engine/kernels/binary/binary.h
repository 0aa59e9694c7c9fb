// Element by element operations on two tensors with broadcasting, in int8 and float.
#pragma once

#include <cstdint>

#include "engine/kernels/geometry.h"
#include "engine/kernels/requantize.h"

namespace durward {

// The loop's dims are the output's; a and b have a stride of 0 where they are broadcast.
struct AddInt8 {
  LoopNest loop;
  int32_t zero_point_a = 0, zero_point_b = 0;
  float multiplier_a = 0, multiplier_b = 0;  // s_a / s_out, s_b / s_out (negated to subtract)
  Int8Output output;
};

// output = round((a - z_a) * m_a + (b - z_b) * m_b): two float products and a sum, each rounded
// once.
void add_int8(const AddInt8& add, const int8_t* a, const int8_t* b, int8_t* output) noexcept;

struct MulInt8 {
  LoopNest loop;
  int32_t zero_point_a = 0, zero_point_b = 0;
  float multiplier = 0;  // s_a * s_b / s_out
  Int8Output output;
};

// output = requantize((a - z_a) * (b - z_b)).
void mul_int8(const MulInt8& mul, const int8_t* a, const int8_t* b, int8_t* output) noexcept;

// All three tensors have the same scale and zero point.
void maximum_int8(const LoopNest& loop, const int8_t* a, const int8_t* b, int8_t* output) noexcept;
void minimum_int8(const LoopNest& loop, const int8_t* a, const int8_t* b, int8_t* output) noexcept;

enum class FloatBinary : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kPow,
  kMaximum,
  kMinimum,
  kLess,            // 1 where a < b, otherwise 0
  kGreaterOrEqual,  // 1 where a >= b, otherwise 0
};

// `range` clamps the result; its slope is not used.
void binary_float(FloatBinary kind, const LoopNest& loop, const FloatOutput& range, const float* a,
                  const float* b, float* output) noexcept;

}  // namespace durward
