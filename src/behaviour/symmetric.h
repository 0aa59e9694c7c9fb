// Small dense linear algebra in double: what a discriminant analysis needs.
#pragma once

#include <vector>

#include "base/status.h"

namespace durward {

// Row-major.
struct Matrix {
  size_t rows = 0, columns = 0;
  std::vector<double> values = {};

  Matrix(size_t rows_, size_t columns_)
      : rows(rows_), columns(columns_), values(rows_ * columns_) {}
  double& at(size_t r, size_t c) { return values[r * columns + c]; }
  [[nodiscard]] double at(size_t r, size_t c) const { return values[r * columns + c]; }
  [[nodiscard]] const double* row(size_t r) const { return values.data() + r * columns; }
  double* row(size_t r) { return values.data() + r * columns; }
};

// The lower triangle L with L L^T = a. InvalidArgument where `a` is not positive definite, as it is
// where a value is not finite.
[[nodiscard]] absl::StatusOr<Matrix> cholesky(const Matrix& a);

// x with L x = b, and with L^T x = b, in the place of b.
void solve_lower(const Matrix& lower, double* b);
void solve_lower_transposed(const Matrix& lower, double* b);

struct Eigenpairs {
  std::vector<double> values;  // descending
  Matrix vectors;              // row i belongs to values[i]; unit length
};

// Of a symmetric matrix, by Jacobi's rotations in cyclic order (Golub and Van Loan, section 8.5).
[[nodiscard]] Eigenpairs symmetric_eigenpairs(Matrix a);

}  // namespace durward
