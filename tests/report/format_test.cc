#include "report/format.h"

#include <gtest/gtest.h>

namespace durward {
namespace {

TEST(Format, WritesNumbersAsAReaderExpects) {
  EXPECT_EQ(count_text(1250180), "1,250,180");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(-1000), "-1,000");
  EXPECT_EQ(percent_text(0.987329), "98.73 %");
  EXPECT_EQ(percent_text(0), "0.00 %");
  EXPECT_EQ(percent_text(0.00042), "0.042 %");
  EXPECT_EQ(percent_text(0.0000096), "0.00096 %");
  EXPECT_EQ(points_text(0.0123), "1.23");
  EXPECT_EQ(points_text(-0.00001), "0.00");
  EXPECT_EQ(far_text(1e-3), "1\u00a0in\u00a01,000");
  EXPECT_EQ(far_text(1e-5), "1\u00a0in\u00a0100,000");
  EXPECT_EQ(milliseconds_text(2.806), "2.81 ms");
  EXPECT_EQ(milliseconds_text(22.04), "22.0 ms");
  EXPECT_EQ(bytes_text(512), "512 bytes");
  EXPECT_EQ(bytes_text(1.294e6), "1.29 MB");
  EXPECT_EQ(times_text(3.52), "3.5 times");
  EXPECT_EQ(times_text(41.2), "41 times");
  EXPECT_EQ(enumerate({"a", "b", "c"}), "a, b and c");
}

TEST(Format, ReadsIntervalsOfTwoNumbersOnly) {
  const nlohmann::json pair = {0.1, 0.25}, null, one = {0.1}, texts = {"a", "b"};
  EXPECT_EQ(interval_text(JsonView(pair), percent_text), "[10.00 %, 25.00 %]");
  EXPECT_EQ(interval_text(JsonView(null), percent_text), "");
  EXPECT_EQ(interval_text(JsonView(one), percent_text), "");
  EXPECT_EQ(interval_text(JsonView(texts), percent_text), "");
}

}  // namespace
}  // namespace durward
