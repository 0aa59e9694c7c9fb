#include "tune/margin_head.h"

#include <gmock/gmock.h>

#include <cmath>

namespace durward {
namespace {

using ::testing::HasSubstr;

at::Tensor unit_rows(std::initializer_list<double> degrees) {
  at::Tensor rows = at::empty({static_cast<int64_t>(degrees.size()), 2}, at::kFloat);
  int64_t row = 0;
  for (const double degree : degrees) {
    const double angle = degree * M_PI / 180;
    rows[row][0] = std::cos(angle);
    rows[row][1] = std::sin(angle);
    ++row;
  }
  return rows;
}

constexpr int32_t kPeople[] = {7, 7, 3, 3, 9};
constexpr int64_t kTraining[] = {0, 1, 2, 3};

TEST(MarginHead, CentresBeginInTheMiddleOfAPersonsEmbeddings) {
  auto head = MarginHead::create(kPeople, kTraining, unit_rows({0, 20, 90, 110, 200}));
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_TRUE(at::allclose(head->centres().detach(), unit_rows({10, 100}), 0, 1e-6));
}

// ArcFace's formula, worked out: softmax over 64 cos(angle + .5) of the own centre and 64
// cos(angle) of the other.
TEST(MarginHead, LossIsThePublishedFormula) {
  auto head = MarginHead::create(kPeople, kTraining, unit_rows({0, 20, 90, 110, 200}));
  ASSERT_TRUE(head.ok()) << head.status();
  const int64_t samples[] = {1, 2};
  const double loss = head->loss(unit_rows({40, 70}), samples).item<double>();
  const auto degrees = [](double value) { return value * M_PI / 180; };
  const double own = 64 * std::cos(degrees(30) + .5), other = 64 * std::cos(degrees(60));
  EXPECT_NEAR(loss, std::log1p(std::exp(other - own)), 1e-3);
}

TEST(MarginHead, BeyondAStraightAngleTheLossStillGrows) {
  auto head = MarginHead::create(kPeople, kTraining, unit_rows({0, 20, 90, 110, 200}));
  ASSERT_TRUE(head.ok()) << head.status();
  const int64_t samples[] = {0};
  double last = 0;
  for (const double degree : {-120., -130., -140., -150., -160., -169.}) {
    const double loss = head->loss(unit_rows({degree}), samples).item<double>();
    EXPECT_GT(loss, last) << degree;
    last = loss;
  }
}

TEST(MarginHead, OnePersonTeachesNoMargin) {
  const int64_t one_person[] = {0, 1};
  const auto head = MarginHead::create(kPeople, one_person, unit_rows({0, 20, 90, 110, 200}));
  EXPECT_TRUE(absl::IsInvalidArgument(head.status()));
  EXPECT_THAT(std::string(head.status().message()), HasSubstr("all of one person"));
}

}  // namespace
}  // namespace durward
