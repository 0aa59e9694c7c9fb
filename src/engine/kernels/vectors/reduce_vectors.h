// Sums and means of int8, for vectors F of floats (floats_avx2.h says what they have). For the
// files that are compiled for an instruction set alone.
#pragma once

#include "engine/kernels/reduce/reduce.h"
#include "engine/kernels/vectors/int8_result.h"
#include "engine/kernels/vectors/vector_kernels.h"

namespace durward {
namespace {

template <typename F>
void sum_vectors(const Reduction& reduction, int32_t input_zero_point, float multiplier,
                 const Int8Output& range, const int8_t* input, int8_t* output,
                 std::byte* scratch) noexcept {
  const LoopNest& loop = reduction.loop;
  if (!run_as_vectors(reduction)) {
    return sum_int8(reduction, input_zero_point, multiplier, range, input, output, scratch);
  }
  auto* sums = reinterpret_cast<int32_t*>(scratch);
  for (int64_t i = 0; i < reduction.outputs; ++i) sums[i] = 0;
  const int64_t length = loop.dims[loop.rank - 1];
  const auto zero = F::set_words(input_zero_point);
  for_each_row(loop, [&](int64_t, int64_t in, int64_t out) {
    int64_t i = 0;
    for (; i + F::kLanes <= length; i += F::kLanes) {
      F::accumulate(sums + out + i, F::load_words(input + in + i), zero);
    }
    for (; i < length; ++i) sums[out + i] += input[in + i] - input_zero_point;
  });
  const Int8Result<F> result(range);
  for (int64_t i = 0; i < reduction.outputs; i += F::kLanes) {
    const int64_t left = reduction.outputs - i;
    const int64_t count = left < F::kLanes ? left : F::kLanes;
    int32_t some[F::kLanes] = {};
    __builtin_memcpy(some, sums + i, static_cast<size_t>(count) * sizeof(int32_t));
    result.store(output + i, F::mul(F::load_sums(some), F::set(multiplier)), count);
  }
}

}  // namespace
}  // namespace durward
