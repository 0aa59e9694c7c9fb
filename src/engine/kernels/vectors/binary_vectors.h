// Two int8 tensors element by element, for vectors F of floats (floats_avx2.h says what they have).
// For the files that are compiled for an instruction set alone.
#pragma once

#include "engine/kernels/binary/binary.h"
#include "engine/kernels/vectors/int8_result.h"
#include "engine/kernels/vectors/vector_kernels.h"

namespace durward {
namespace {

// An innermost row of int8 values, as floats around their zero point.
template <typename F>
class Int8Row {
 public:
  Int8Row(const int8_t* row, int64_t step, typename F::Words zero)
      : row_(row), step_(step), zero_(zero), repeated_(F::set(0)) {
    if (step == 0) repeated_ = F::difference(F::set_words(*row), zero);
  }
  [[nodiscard]] typename F::Value at(int64_t i) const {
    return step_ == 0 ? repeated_ : F::difference(F::load_words(row_ + i), zero_);
  }
  [[nodiscard]] typename F::Value first_at(int64_t i, int64_t count) const {
    return step_ == 0 ? repeated_ : F::difference(F::load_words_first(row_ + i, count), zero_);
  }

 private:
  const int8_t* row_;
  int64_t step_;
  typename F::Words zero_;
  typename F::Value repeated_;
};

// What an addition and a product have in common: one loop for both is half the code, and what it is
// asked in each round is always answered in the same way.
struct Int8Pair {
  const LoopNest& loop;
  int32_t zero_point_a, zero_point_b;
  const Int8Output& range;
  bool product;                      // steps = a * b * multiplier_a: a * b has 17 bits and is exact
  float multiplier_a, multiplier_b;  // otherwise a * multiplier_a + b * multiplier_b
};

template <typename F>
[[gnu::noinline]] void combine_int8(const Int8Pair& pair, const int8_t* a, const int8_t* b,
                                    int8_t* output) {
  const LoopNest& loop = pair.loop;
  const int last = loop.rank - 1;
  const int64_t length = loop.dims[last];
  const auto zero_a = F::set_words(pair.zero_point_a), zero_b = F::set_words(pair.zero_point_b);
  const auto of_a = F::set(pair.multiplier_a), of_b = F::set(pair.multiplier_b);
  const Int8Result<F> result(pair.range);
  const auto steps = [&](typename F::Value x, typename F::Value y) {
    if (pair.product) return F::mul(F::mul(x, y), of_a);
    return F::add(F::mul(x, of_a), F::mul(y, of_b));
  };
  for_each_row(loop, [&](int64_t row, int64_t from_a, int64_t from_b) {
    const Int8Row<F> x(a + from_a, loop.stride_a[last], zero_a);
    const Int8Row<F> y(b + from_b, loop.stride_b[last], zero_b);
    int8_t* out = output + row * length;
    int64_t i = 0;
    for (; i + F::kLanes <= length; i += F::kLanes) {
      result.store(out + i, steps(x.at(i), y.at(i)), F::kLanes);
    }
    const int64_t left = length - i;
    if (left > 0) result.store(out + i, steps(x.first_at(i, left), y.first_at(i, left)), left);
  });
}

template <typename F>
void add_vectors(const AddInt8& add, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  if (!run_as_vectors(add.loop)) return add_int8(add, a, b, output);
  combine_int8<F>({add.loop, add.zero_point_a, add.zero_point_b, add.output, false,
                   add.multiplier_a, add.multiplier_b},
                  a, b, output);
}

template <typename F>
void mul_vectors(const MulInt8& mul, const int8_t* a, const int8_t* b, int8_t* output) noexcept {
  if (!run_as_vectors(mul.loop)) return mul_int8(mul, a, b, output);
  combine_int8<F>(
      {mul.loop, mul.zero_point_a, mul.zero_point_b, mul.output, true, mul.multiplier, 0}, a, b,
      output);
}

}  // namespace
}  // namespace durward
