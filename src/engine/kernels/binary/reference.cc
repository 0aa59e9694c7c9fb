#include <algorithm>
#include <cmath>

#include "engine/kernels/binary/binary.h"

namespace durward {
namespace {

// output[i] = operation(a, b) over the nest. Rows that are whole or repeat one operand are loops of
// their own, so that they vectorise.
template <typename T, typename Operation>
void for_each_pair(const LoopNest& loop, const T* a, const T* b, T* output,
                   const Operation& operation) {
  const int64_t length = loop.dims[loop.rank - 1];
  const int64_t step_a = loop.stride_a[loop.rank - 1];
  const int64_t step_b = loop.stride_b[loop.rank - 1];
  for_each_row(loop, [&](int64_t row, int64_t offset_a, int64_t offset_b) {
    T* out = output + row * length;
    const T* x = a + offset_a;
    const T* y = b + offset_b;
    if (step_a == 1 && step_b == 1) {
      for (int64_t i = 0; i < length; ++i) out[i] = operation(x[i], y[i]);
    } else {
      for (int64_t i = 0; i < length; ++i) out[i] = operation(x[i * step_a], y[i * step_b]);
    }
  });
}

}  // namespace

void add_int8(const AddInt8& add, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  for_each_pair(add.loop, a, b, output, [&](int8_t x, int8_t y) {
    const float from_a = static_cast<float>(x - add.zero_point_a) * add.multiplier_a;
    const float from_b = static_cast<float>(y - add.zero_point_b) * add.multiplier_b;
    return round_to_int8(from_a + from_b, add.output);
  });
}

void mul_int8(const MulInt8& mul, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  for_each_pair(mul.loop, a, b, output, [&](int8_t x, int8_t y) {
    const int32_t product = (x - mul.zero_point_a) * (y - mul.zero_point_b);
    return requantize(product, mul.multiplier, mul.output);
  });
}

void maximum_int8(const LoopNest& loop, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  for_each_pair(loop, a, b, output, [](int8_t x, int8_t y) { return std::max(x, y); });
}

void minimum_int8(const LoopNest& loop, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  for_each_pair(loop, a, b, output, [](int8_t x, int8_t y) { return std::min(x, y); });
}

void binary_float(FloatBinary kind, const LoopNest& loop, const FloatOutput& range, const float* a,
                  const float* b, float* output) noexcept {
  const auto run = [&](auto operation) {
    for_each_pair(loop, a, b, output,
                  [&](float x, float y) { return clamp_float(operation(x, y), range); });
  };
  switch (kind) {
    case FloatBinary::kAdd:
      return run([](float x, float y) { return x + y; });
    case FloatBinary::kSub:
      return run([](float x, float y) { return x - y; });
    case FloatBinary::kMul:
      return run([](float x, float y) { return x * y; });
    case FloatBinary::kDiv:
      return run([](float x, float y) { return x / y; });
    case FloatBinary::kPow:
      return run([](float x, float y) { return std::pow(x, y); });
    case FloatBinary::kMaximum:
      return run([](float x, float y) { return x > y ? x : y; });
    case FloatBinary::kMinimum:
      return run([](float x, float y) { return x < y ? x : y; });
    case FloatBinary::kLess:
      return run([](float x, float y) { return static_cast<float>(x < y); });
    case FloatBinary::kGreaterOrEqual:
      return run([](float x, float y) { return static_cast<float>(x >= y); });
  }
}

}  // namespace durward
