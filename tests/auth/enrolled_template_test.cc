#include "auth/enrolled_template.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace durward {
namespace {

constexpr int64_t kDay = 86'400;
constexpr int64_t kNow = 1'000 * kDay;
const TemplateModel kFaceModel{"face", "net", "new"};

Template made(const std::string& modality, const std::string& version, int64_t age_days,
              std::vector<float> embedding) {
  return {.user = "ann",
          .model = {modality, "net", version},
          .created = kNow - age_days * kDay,
          .embedding = std::move(embedding)};
}

absl::StatusOr<EnrolledTemplate> enrolled(const std::vector<Template>& all) {
  const std::vector<std::string> compatible = {"old"};
  return enrolled_template([&](std::string_view) { return all; }, "ann", kFaceModel, compatible,
                           kNow * 1000);
}

TEST(EnrolledTemplate, IsTheMeanOfDirectionsAndAsOldAsItsOldest) {
  const auto found = enrolled({made("face", "new", 3, {10, 0}), made("face", "new", 5, {0, .1f}),
                               made("face", "old", 90, {-1, 0}), made("voice", "new", 70, {1})});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->match, TemplateMatch::kSameModel);
  EXPECT_EQ(found->age_days, 5);
  EXPECT_NEAR(*compare_with(*found, std::vector<float>{7, 0}), std::sqrt(.5), 1e-6);
  EXPECT_NEAR(*compare_with(*found, std::vector<float>{-2, -2}), -1, 1e-6);
}

TEST(EnrolledTemplate, AnotherModelCountsOnlyWhereItIsCompatible) {
  const auto compatible =
      enrolled({made("face", "old", 9, {0, 2}), made("face", "older", 1, {1, 0})});
  ASSERT_TRUE(compatible.ok()) << compatible.status();
  EXPECT_EQ(compatible->match, TemplateMatch::kCompatibleModel);
  EXPECT_EQ(compatible->age_days, 9);
  EXPECT_NEAR(*compare_with(*compatible, std::vector<float>{0, 1}), 1, 1e-6);
  const auto other = enrolled({made("face", "older", 2, {1, 0})});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->match, TemplateMatch::kOtherModel);
  EXPECT_TRUE(other->mean.empty());
}

TEST(EnrolledTemplate, WhatCannotBeComparedIsRefused) {
  EXPECT_TRUE(absl::IsNotFound(enrolled({}).status()));
  EXPECT_TRUE(absl::IsNotFound(enrolled({made("voice", "new", 1, {1})}).status()));
  EXPECT_TRUE(absl::IsDataLoss(
      enrolled({made("face", "new", 1, {1, 0}), made("face", "new", 1, {1})}).status()));
  EXPECT_TRUE(absl::IsDataLoss(enrolled({made("face", "new", 1, {0, 0})}).status()));
  EXPECT_TRUE(absl::IsDataLoss(
      enrolled({made("face", "new", 1, {1, 0}), made("face", "new", 1, {-1, 0})}).status()));
  const auto good = enrolled({made("face", "new", 1, {1, 0})});
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(absl::IsDataLoss(compare_with(*good, std::vector<float>{1}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(compare_with(*good, std::vector<float>{0, 0}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      compare_with(*good, std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()})
          .status()));
}

}  // namespace
}  // namespace durward
