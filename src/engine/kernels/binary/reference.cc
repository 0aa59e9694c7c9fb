#include <algorithm>
#include <cmath>

#include "engine/kernels/binary/binary.h"

namespace durward {
namespace {

// `count` elements, one behind the other: copied into `block` unless they lie so.
template <typename T>
const T* dense(const T* values, int64_t step, int64_t count, T* block) {
  if (step == 1) return values;
  if (step == 0) {
    std::fill_n(block, count, *values);
  } else {
    for (int64_t i = 0; i < count; ++i) block[i] = values[i * step];
  }
  return block;
}

// output[i] = operation(a[i], b[i]) for `count` elements.
template <typename T, typename Parameters>
using DenseLoop = void (*)(const Parameters& parameters, const T* a, const T* b, T* output,
                           int64_t count);

// The operation over the nest. Its loop over dense elements vectorises, and is all the code that
// each operation has of its own.
template <typename T, typename Parameters>
void for_each_pair(const LoopNest& loop, const T* a, const T* b, T* output,
                   const Parameters& parameters, DenseLoop<T, Parameters> run) {
  constexpr int64_t kBlock = 64;
  const int64_t length = loop.dims[loop.rank - 1];
  const int64_t step_a = loop.stride_a[loop.rank - 1];
  const int64_t step_b = loop.stride_b[loop.rank - 1];
  for_each_row(loop, [&](int64_t row, int64_t offset_a, int64_t offset_b) {
    const T* x = a + offset_a;
    const T* y = b + offset_b;
    T* out = output + row * length;
    if (step_a == 1 && step_b == 1) return run(parameters, x, y, out, length);
    T block_x[kBlock], block_y[kBlock];
    for (int64_t i = 0; i < length; i += kBlock) {
      const int64_t count = std::min(kBlock, length - i);
      run(parameters, dense(x + i * step_a, step_a, count, block_x),
          dense(y + i * step_b, step_b, count, block_y), out + i, count);
    }
  });
}

void add_dense(const AddInt8& add, const int8_t* a, const int8_t* b, int8_t* output,
               int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float from_a = static_cast<float>(a[i] - add.zero_point_a) * add.multiplier_a;
    const float from_b = static_cast<float>(b[i] - add.zero_point_b) * add.multiplier_b;
    output[i] = round_to_int8(from_a + from_b, add.output);
  }
}

void mul_dense(const MulInt8& mul, const int8_t* a, const int8_t* b, int8_t* output,
               int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const int32_t product = (a[i] - mul.zero_point_a) * (b[i] - mul.zero_point_b);
    output[i] = requantize(product, mul.multiplier, mul.output);
  }
}

void extremum_dense(const bool& maximum, const int8_t* a, const int8_t* b, int8_t* output,
                    int64_t count) {
  if (maximum) {
    for (int64_t i = 0; i < count; ++i) output[i] = std::max(a[i], b[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) output[i] = std::min(a[i], b[i]);
  }
}

template <typename Operation>
void float_dense(const FloatOutput& range, const float* a, const float* b, float* output,
                 int64_t count) {
  for (int64_t i = 0; i < count; ++i) output[i] = clamp_float(Operation{}(a[i], b[i]), range);
}

}  // namespace

void add_int8(const AddInt8& add, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  for_each_pair(add.loop, a, b, output, add, add_dense);
}

void mul_int8(const MulInt8& mul, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  for_each_pair(mul.loop, a, b, output, mul, mul_dense);
}

void maximum_int8(const LoopNest& loop, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  for_each_pair(loop, a, b, output, true, extremum_dense);
}

void minimum_int8(const LoopNest& loop, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  for_each_pair(loop, a, b, output, false, extremum_dense);
}

void binary_float(FloatBinary kind, const LoopNest& loop, const FloatOutput& range, const float* a,
                  const float* b, float* output) noexcept {
  const auto run = [&](auto operation) {
    for_each_pair(loop, a, b, output, range, float_dense<decltype(operation)>);
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
