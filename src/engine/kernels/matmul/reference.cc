#include <algorithm>

#include "engine/kernels/matmul/matmul.h"

namespace durward {

void matmul_float(int64_t rows, int64_t depth, int64_t columns, const float* a, const float* b,
                  float* output) noexcept {
  std::fill_n(output, rows * columns, 0.0f);
  for (int64_t m = 0; m < rows; ++m) {
    float* __restrict row = output + m * columns;
    for (int64_t k = 0; k < depth; ++k) {
      const float x = a[m * depth + k];
      const float* y = b + k * columns;
      for (int64_t n = 0; n < columns; ++n) row[n] += x * y[n];
    }
  }
}

}  // namespace durward
