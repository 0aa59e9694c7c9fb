#include "pipeline/profile_compare.h"

#include <gtest/gtest.h>

namespace durward {
namespace {

using nlohmann::json;

json op(const std::string& name, const std::string& kind, double median, double low, double high) {
  return {{"name", name}, {"op", kind}, {"us", {{"median", median}, {"p10", low}, {"p90", high}}}};
}

TEST(CompareProfiles, MatchesOpsByName) {
  const json before = {{"us", {{"median", 100}}},
                       {"ops", {op("a", "Conv", 40, 39, 41), op("b", "Conv", 60, 55, 65)}}};
  const json after = {
      {"us", {{"median", 70}}},
      {"ops", {op("b", "QLinearConv", 50, 49, 51), op("a", "QLinearConv", 20, 19, 21)}}};
  const std::vector<OpChange> changes = compare_profiles(before, after);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].name, "b");
  EXPECT_EQ(changes[0].before_us, 60);
  EXPECT_EQ(changes[0].after_us, 50);
  EXPECT_FALSE(changes[0].slower);
  const json comparison = comparison_json(before, after, 0, 1);
  EXPECT_DOUBLE_EQ(comparison["ratio"].get<double>(), 0.7);
}

// Slower is what takes longer than the runs scatter, and enough to matter.
TEST(CompareProfiles, NamesWhatBecameSlower) {
  const auto slower = [](const json& was, const json& is) {
    const json before = {{"us", {{"median", 1000}}}, {"ops", {was}}};
    const json after = {{"us", {{"median", 1000}}}, {"ops", {is}}};
    return compare_profiles(before, after).at(0).slower;
  };
  EXPECT_TRUE(slower(op("a", "", 100, 90, 110), op("a", "", 130, 120, 140)));
  EXPECT_FALSE(slower(op("a", "", 100, 90, 125), op("a", "", 130, 120, 140)));  // they overlap
  EXPECT_FALSE(slower(op("a", "", 10, 9, 11), op("a", "", 15, 14, 16)));        // .5 % of the run
  EXPECT_FALSE(slower(op("a", "", 130, 120, 140), op("a", "", 100, 90, 110)));
}

TEST(CompareProfiles, ByKindWhereNamesDoNotMeet) {
  const json before = {{"us", {{"median", 100}}},
                       {"ops",
                        {op("a", "Convolution f32", 40, 39, 41),
                         op("b", "Convolution f32", 60, 55, 65), op("c", "Pad ref", 1, 1, 1)}}};
  const json after = {{"us", {{"median", 50}}},
                      {"ops", {op("x", "Convolution amx_I8", 50, 49, 51)}}};
  const std::vector<OpChange> changes = compare_profiles(before, after);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].name, "Convolution (1 ops, before 2)");
  EXPECT_EQ(changes[0].before_us, 100);
  EXPECT_EQ(changes[0].after_us, 50);
}

}  // namespace
}  // namespace durward
