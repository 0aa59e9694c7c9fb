// Products of matrices that are both activations, in float.
#pragma once

#include <cstdint>

namespace durward {

// output[m, n] = sum over k of a[m, k] * b[k, n]; k ascending.
void matmul_float(int64_t rows, int64_t depth, int64_t columns, const float* a, const float* b,
                  float* output) noexcept;

}  // namespace durward
