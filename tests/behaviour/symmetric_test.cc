#include "behaviour/symmetric.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "base/random.h"

namespace durward {
namespace {

// The second difference on n points: eigenvalues 2 - 2 cos(k pi / (n + 1)), eigenvectors sines.
Matrix second_difference(size_t n) {
  Matrix a(n, n);
  for (size_t i = 0; i < n; ++i) {
    a.at(i, i) = 2;
    if (i > 0) a.at(i, i - 1) = a.at(i - 1, i) = -1;
  }
  return a;
}

TEST(Symmetric, EigenpairsOfTheSecondDifferenceAreTheKnownOnes) {
  constexpr size_t kSide = 40;
  const Eigenpairs pairs = symmetric_eigenpairs(second_difference(kSide));
  for (size_t i = 0; i < kSide; ++i) {
    const double k = static_cast<double>(kSide - i);
    const double angle = k * std::numbers::pi / static_cast<double>(kSide + 1);
    EXPECT_NEAR(pairs.values[i], 2 - 2 * std::cos(angle), 1e-10);
    const double sign = pairs.vectors.at(i, 0) * std::sin(angle) > 0 ? 1 : -1;
    for (size_t j = 0; j < kSide; ++j) {
      const double sine = std::sin(angle * static_cast<double>(j + 1));
      EXPECT_NEAR(pairs.vectors.at(i, j), sign * sine * std::sqrt(2. / (kSide + 1)), 1e-8);
    }
  }
}

TEST(Symmetric, CholeskySolvesWhatItWasMadeOf) {
  constexpr size_t kSide = 20;
  const Matrix a = second_difference(kSide);
  const auto lower = cholesky(a);
  ASSERT_TRUE(lower.ok()) << lower.status();
  Random random(3);
  std::vector<double> x(kSide), b(kSide);
  for (double& value : x) value = random.uniform();
  for (size_t r = 0; r < kSide; ++r) {
    for (size_t c = 0; c < kSide; ++c) b[r] += a.at(r, c) * x[c];
  }
  solve_lower(*lower, b.data());
  solve_lower_transposed(*lower, b.data());
  for (size_t i = 0; i < kSide; ++i) EXPECT_NEAR(b[i], x[i], 1e-11);
}

TEST(Symmetric, CholeskyRefusesWhatIsNotPositiveDefinite) {
  Matrix a = second_difference(3);
  a.at(2, 2) = -1;
  EXPECT_FALSE(cholesky(a).ok());
  a.at(2, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(cholesky(a).ok());
}

}  // namespace
}  // namespace durward
