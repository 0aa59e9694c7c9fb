// What is rounded, and which way gradients take, by hand.
#include "tune/round.h"

#include <gmock/gmock.h>

namespace durward {
namespace {

using ::testing::ElementsAre;

std::vector<float> values(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.detach().contiguous();
  return {whole.data_ptr<float>(), whole.data_ptr<float>() + whole.numel()};
}

at::Tensor leaf(const std::vector<float>& numbers, at::IntArrayRef shape) {
  return torch::tensor(numbers).reshape(shape).requires_grad_(true);
}

TEST(RoundThrough, RoundsTiesToEvenAndLetsGradientsPass) {
  const at::Tensor x = leaf({0.5f, 1.5f, -2.5f, 2.6f}, {4});
  const at::Tensor y = round_through(x);
  EXPECT_THAT(values(y), ElementsAre(0, 2, -2, 3));
  (y * torch::tensor({1.0f, 2.0f, 3.0f, 4.0f})).sum().backward();
  EXPECT_THAT(values(x.grad()), ElementsAre(1, 2, 3, 4));
}

TEST(RequantizeThrough, RoundsClampsAndStopsGradientsWhereItClamped) {
  // Two channels of three positions; the second has another multiplier below zero.
  const at::Tensor sums = leaf({7, 1000, -9, 6, -10, -4000}, {1, 2, 1, 3});
  const at::Tensor positive = leaf({0.5f, 0.25f}, {2}), negative = leaf({0.5f, 0.125f}, {2});
  const at::Tensor codes = requantize_through(sums, positive, negative, {-100, 120});
  EXPECT_THAT(values(codes), ElementsAre(4, 120, -4, 2, -1, -100));
  (codes * torch::tensor({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}).reshape({1, 2, 1, 3}))
      .sum()
      .backward();
  EXPECT_THAT(values(sums.grad()), ElementsAre(0.5f, 0, 1.5f, 1, 0.625f, 0));
  EXPECT_THAT(values(positive.grad()), ElementsAre(7, 24));
  EXPECT_THAT(values(negative.grad()), ElementsAre(-27, -50));
}

TEST(AddThrough, AddsTwoScales) {
  const at::Tensor a = leaf({10, -3, 100}, {1, 3}), b = leaf({1, 2, 100}, {1, 3});
  const at::Tensor m_a = leaf({0.5f}, {}), m_b = leaf({2}, {});
  const at::Tensor codes = add_through(a, b, m_a, m_b, {-128, 127});
  EXPECT_THAT(values(codes), ElementsAre(7, 2, 127));
  (codes * torch::tensor({1.0f, 2.0f, 3.0f}).reshape({1, 3})).sum().backward();
  EXPECT_THAT(values(a.grad()), ElementsAre(0.5f, 1, 0));
  EXPECT_THAT(values(b.grad()), ElementsAre(2, 4, 0));
  EXPECT_THAT(values(m_a.grad()), ElementsAre(4));
  EXPECT_THAT(values(m_b.grad()), ElementsAre(5));
}

}  // namespace
}  // namespace durward
