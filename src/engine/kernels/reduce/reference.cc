#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/reduce/reduce.h"

namespace durward {
namespace {

// accumulators[...] = combine(accumulator, input) over the whole input.
template <typename Value, typename Accumulator, typename Combine>
void fold(const Reduction& reduction, const Value* input, Accumulator initial,
          Accumulator* __restrict accumulators, const Combine& combine) {
  const LoopNest& loop = reduction.loop;
  std::fill_n(accumulators, reduction.outputs, initial);
  const int64_t length = loop.dims[loop.rank - 1];
  const int64_t step_in = loop.stride_a[loop.rank - 1];
  const int64_t step_out = loop.stride_b[loop.rank - 1];
  for_each_row(loop, [&](int64_t, int64_t in, int64_t out) {
    const Value* x = input + in;
    Accumulator* y = accumulators + out;
    if (step_in == 1 && step_out == 1) {
      for (int64_t i = 0; i < length; ++i) y[i] = combine(y[i], x[i]);
    } else {
      for (int64_t i = 0; i < length; ++i) {
        y[i * step_out] = combine(y[i * step_out], x[i * step_in]);
      }
    }
  });
}

}  // namespace

size_t reduce_scratch_bytes(const Reduction& reduction) {
  return static_cast<size_t>(reduction.outputs) * sizeof(double);
}

void sum_int8(const Reduction& reduction, int32_t input_zero_point, float multiplier,
              const Int8Output& range, const int8_t* input, int8_t* output,
              std::byte* scratch) noexcept {
  auto* sums = reinterpret_cast<int32_t*>(scratch);
  fold(reduction, input, int32_t{0}, sums,
       [&](int32_t sum, int8_t value) { return sum + (value - input_zero_point); });
  for (int64_t i = 0; i < reduction.outputs; ++i)
    output[i] = requantize(sums[i], multiplier, range);
}

void reduce_max_int8(const Reduction& reduction, const int8_t* input, int8_t* output) noexcept {
  fold(reduction, input, int8_t{-128}, output, [](int8_t a, int8_t b) { return std::max(a, b); });
}

void reduce_min_int8(const Reduction& reduction, const int8_t* input, int8_t* output) noexcept {
  fold(reduction, input, int8_t{127}, output, [](int8_t a, int8_t b) { return std::min(a, b); });
}

void reduce_float(FloatReduction kind, const Reduction& reduction, const float* input,
                  float* output, std::byte* scratch) noexcept {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto max = [](float a, float b) { return std::max(a, b); };
  const auto min = [](float a, float b) { return std::min(a, b); };
  if (kind == FloatReduction::kMax) return fold(reduction, input, -kInfinity, output, max);
  if (kind == FloatReduction::kMin) return fold(reduction, input, kInfinity, output, min);
  auto* sums = reinterpret_cast<double*>(scratch);
  if (kind == FloatReduction::kMean || kind == FloatReduction::kSum) {
    fold(reduction, input, 0.0, sums, [](double sum, float value) { return sum + value; });
  } else {
    fold(reduction, input, 0.0, sums,
         [](double sum, float value) { return sum + static_cast<double>(value) * value; });
  }
  for (int64_t i = 0; i < reduction.outputs; ++i) {
    double result = sums[i];
    if (kind == FloatReduction::kMean) result /= static_cast<double>(reduction.reduced);
    if (kind == FloatReduction::kL2) result = std::sqrt(result);
    output[i] = static_cast<float>(result);
  }
}

}  // namespace durward
