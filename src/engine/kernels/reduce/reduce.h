// Reductions over any set of axes, in int8 and float.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/geometry.h"
#include "engine/kernels/requantize.h"

namespace durward {

// The nest runs over the input: stride_a is the input's, stride_b the output's, 0 along the axes
// that are reduced.
struct Reduction {
  LoopNest loop;
  int64_t outputs = 1;
  int64_t reduced = 1;  // inputs per output
};

[[nodiscard]] size_t reduce_scratch_bytes(const Reduction& reduction);

// Sum or mean: output = requantize(sum of (input - input_zero_point)), multiplier s_in / s_out for
// a sum and s_in / (s_out * reduced) for a mean. The caller guarantees reduced * 255 < 2^31.
void sum_int8(const Reduction& reduction, int32_t input_zero_point, float multiplier,
              const Int8Output& range, const int8_t* input, int8_t* output,
              std::byte* scratch) noexcept;

// Input and output have the same scale and zero point.
void reduce_max_int8(const Reduction& reduction, const int8_t* input, int8_t* output) noexcept;
void reduce_min_int8(const Reduction& reduction, const int8_t* input, int8_t* output) noexcept;

enum class FloatReduction : uint8_t { kMean, kSum, kMax, kMin, kSumSquare, kL2 };

// Sums in double, in the input's order.
void reduce_float(FloatReduction kind, const Reduction& reduction, const float* input,
                  float* output, std::byte* scratch) noexcept;

}  // namespace durward
