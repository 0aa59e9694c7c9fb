// Element by element: int8 through a table, and between float and int8. For the files that are
// compiled for an instruction set alone.
#pragma once

#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/quantize/quantize.h"
#include "engine/kernels/vectors/int8_result.h"
#include "engine/kernels/vectors/vector_kernels.h"

namespace durward {
namespace {

template <typename F>
void quantize_vectors(float scale, const Int8Output& range, int64_t count, const float* input,
                      int8_t* output) noexcept {
  const auto divisor = F::set(scale);
  const Int8Result<F> result(range);
  int64_t i = 0;
  for (; i + F::kLanes <= count; i += F::kLanes) {
    result.store(output + i, F::div(F::load(input + i), divisor), F::kLanes);
  }
  if (i == count) return;
  result.store(output + i, F::div(F::load_first(input + i, count - i), divisor), count - i);
}

// A leaky ReLU.
template <typename F>
void unary_vectors(const UnaryFunction& function, int64_t count, const float* input,
                   float* output) noexcept {
  if (!run_as_vectors(function)) return unary_float(function, count, input, output);
  const auto slope = F::set(function.a);
  const auto leaky = [&](typename F::Value x) { return F::if_negative(x, F::mul(slope, x), x); };
  int64_t i = 0;
  for (; i + F::kLanes <= count; i += F::kLanes) F::store(output + i, leaky(F::load(input + i)));
  if (i == count) return;
  F::store_first(output + i, leaky(F::load_first(input + i, count - i)), count - i);
}

template <typename B>
void lookup_vectors(const int8_t* table, int64_t count, const int8_t* input,
                    int8_t* output) noexcept {
  const typename B::Table of(table);
  int64_t i = 0;
  for (; i + B::kLanes <= count; i += B::kLanes) B::store(output + i, of.at(B::load(input + i)));
  if (i == count) return;
  B::store_first(output + i, of.at(B::load_first(input + i, count - i)), count - i);
}

}  // namespace
}  // namespace durward
