#include "data/feature_csv.h"

#include <gmock/gmock.h>

#include <cmath>

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FeatureCsv, HasTheFeaturesOfEachRowAndInTheLastColumnThePerson) {
  const auto table = parse_feature_csv("1.5,-2,7\r\n\n3e-1, 4 ,8.0\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->features, 2);
  EXPECT_THAT(table->values, ElementsAre(1.5F, -2, .3F, 4));
  EXPECT_THAT(table->person, ElementsAre(7, 8));
  EXPECT_EQ(table->missing, 0);
}

TEST(FeatureCsv, CountsMissingValues) {
  const auto table = parse_feature_csv("NaN,2,1\n3,nan,1\n3,4,1\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->missing, 2);
  EXPECT_TRUE(std::isnan(table->values[0]));
  EXPECT_TRUE(std::isnan(table->values[3]));
}

TEST(FeatureCsv, RefusesWhatIsNoTableNamingTheLine) {
  for (const auto& [text, cause] : {
           std::pair("", "no row"),
           {"# nothing\n\n", "no row"},
           {"1,2,3\n1,2\n", "line 2: it has 2 fields, the first row has 3"},
           {"1,2,3\n1,2,3,4\n", "line 2: it has 4 fields"},
           {"1,hold,3\n", "line 1: column 2 is \"hold\"; expected a number"},
           {"1,,3\n", "column 2 is \"\"; expected a number"},
           {"1,2,\n", "column 3 is \"\"; expected a number"},
           {"1,2x,3\n", "column 2 is \"2x\""},
           {"1,inf,3\n", "column 2 is \"inf\", which is infinite"},
           {"1,1e39,3\n", "column 2 is \"1e39\", which is infinite"},
           {"1,1e999,3\n", "infinite"},
           {"1,2,NaN\n", "the last column is nan; expected the person"},
           {"1,2,3.5\n", "the last column is 3.5"},
           {"1,2,-3\n", "the last column is -3"},
           {"1,2,1e10\n", "expected the person"},
           {"5\n", "one field"},
       }) {
    const auto table = parse_feature_csv(text);
    EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(table.status().message()), HasSubstr(cause)) << text;
  }
}

TEST(FeatureCsv, HasALimitOfFeatures) {
  std::string row;
  for (int64_t i = 0; i < kMaxFeatures; ++i) row += "1,";
  EXPECT_TRUE(parse_feature_csv(row + "1\n").ok());
  EXPECT_THAT(std::string(parse_feature_csv(row + "1,1\n").status().message()),
              HasSubstr("more than 4096 features"));
}

}  // namespace
}  // namespace durward
