#include "behaviour/symmetric.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace durward {
namespace {

double dot(const double* a, const double* b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

double off_diagonal(const Matrix& a) {
  double sum = 0;
  for (size_t r = 0; r < a.rows; ++r) {
    for (size_t c = 0; c < r; ++c) sum += a.at(r, c) * a.at(r, c);
  }
  return sum;
}

// Makes a(p, q) zero.
void rotate(Matrix& a, Matrix& vectors, size_t p, size_t q) {
  const double theta = (a.at(q, q) - a.at(p, p)) / (2 * a.at(p, q));
  const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
  const double c = 1 / std::sqrt(t * t + 1), s = t * c;
  for (size_t i = 0; i < a.rows; ++i) {
    const double ip = a.at(i, p), iq = a.at(i, q);
    a.at(i, p) = c * ip - s * iq;
    a.at(i, q) = s * ip + c * iq;
  }
  for (Matrix* rotated : {&a, &vectors}) {
    double* const row_p = rotated->row(p);
    double* const row_q = rotated->row(q);
    for (size_t i = 0; i < a.rows; ++i) {
      const double pi = row_p[i], qi = row_q[i];
      row_p[i] = c * pi - s * qi;
      row_q[i] = s * pi + c * qi;
    }
  }
}

}  // namespace

absl::StatusOr<Matrix> cholesky(const Matrix& a) {
  Matrix lower(a.rows, a.rows);
  for (size_t r = 0; r < a.rows; ++r) {
    for (size_t c = 0; c <= r; ++c) {
      const double rest = a.at(r, c) - dot(lower.row(r), lower.row(c), c);
      if (r != c) {
        lower.at(r, c) = rest / lower.at(c, c);
      } else if (rest > 0 && std::isfinite(rest)) {
        lower.at(r, r) = std::sqrt(rest);
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat("the matrix is not positive definite: pivot ", r, " is ", rest));
      }
    }
  }
  return lower;
}

void solve_lower(const Matrix& lower, double* b) {
  for (size_t r = 0; r < lower.rows; ++r) {
    b[r] = (b[r] - dot(lower.row(r), b, r)) / lower.at(r, r);
  }
}

void solve_lower_transposed(const Matrix& lower, double* b) {
  for (size_t r = lower.rows; r-- > 0;) {
    b[r] /= lower.at(r, r);
    for (size_t i = 0; i < r; ++i) b[i] -= lower.at(r, i) * b[r];
  }
}

Eigenpairs symmetric_eigenpairs(Matrix a) {
  constexpr int kMaxSweeps = 60;
  const size_t n = a.rows;
  Matrix vectors(n, n);
  for (size_t i = 0; i < n; ++i) vectors.at(i, i) = 1;
  const double all = dot(a.values.data(), a.values.data(), a.values.size());
  for (int sweep = 0; sweep < kMaxSweeps && off_diagonal(a) > all * 1e-26; ++sweep) {
    for (size_t p = 0; p < n; ++p) {
      for (size_t q = p + 1; q < n; ++q) {
        if (a.at(p, q) != 0) rotate(a, vectors, p, q);
      }
    }
  }
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&a](size_t i, size_t k) { return a.at(i, i) > a.at(k, k); });
  Eigenpairs pairs{.values = {}, .vectors = Matrix(n, n)};
  for (size_t i = 0; i < n; ++i) {
    pairs.values.push_back(a.at(order[i], order[i]));
    std::copy_n(vectors.row(order[i]), n, pairs.vectors.row(i));
  }
  return pairs;
}

}  // namespace durward
