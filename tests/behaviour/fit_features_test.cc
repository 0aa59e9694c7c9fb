#include "behaviour/fit_features.h"

#include <gmock/gmock.h>

#include <limits>

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// numpy.quantile([1, 2, 4, 8, 16], [.125, .375, .625, .875]), and of the other column with its
// missing value at the median.
TEST(FitFeatures, KnotsAreQuantilesAsNumpyHasThem) {
  const float values[] = {8, 3, 1, 1, 16, kMissing, 2, 5, 4, 3};
  const auto spec = fit_feature_spec(values, {"a", "b"}, 4);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_THAT(spec->medians, ElementsAre(4, 3));
  EXPECT_THAT(spec->knots[0], ElementsAre(1.5F, 3, 6, 12));
  EXPECT_THAT(spec->knots[1], ElementsAre(2, 3, 3, 4));
}

TEST(FitFeatures, RefusesFeaturesFromWhichNothingCanBeLearnt) {
  const float missing[] = {1, kMissing, 2, kMissing};
  EXPECT_THAT(std::string(fit_feature_spec(missing, {"a", "b"}, 4).status().message()),
              HasSubstr("'b' is missing (NaN) in every repetition"));
  const float equal[] = {1, 2, 1, 2, 1, kMissing};
  EXPECT_THAT(std::string(fit_feature_spec(equal, {"a", "b"}, 4).status().message()),
              HasSubstr("no feature varies"));
  EXPECT_FALSE(fit_feature_spec({}, {"a"}, 4).ok());
}

}  // namespace
}  // namespace durward
