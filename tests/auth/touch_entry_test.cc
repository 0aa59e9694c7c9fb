#include "auth/touch_entry.h"

#include <gmock/gmock.h>

#include <cmath>

namespace durward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

FeatureSpec spec_of(const std::vector<std::string>& names) {
  return {.names = names,
          .medians = std::vector<float>(names.size(), 1),
          .knots = std::vector<std::vector<float>>(names.size(), {0, 100})};
}

std::string line_with(const std::string& taps, const std::string& features = "{}") {
  return absl::StrCat(R"({"schema":"durward-touch/1","source":"keypad","taps":)", taps,
                      R"(,"features":)", features, "}");
}

// The first row of HoldandTap's Sitting_Touch_with_label.csv: 8 holds, then of each step the time
// from letting go to touching, letting go to letting go, touching to touching, then the whole.
TEST(TouchEntry, TimingFeaturesAreThoseOfHoldAndTap) {
  const std::vector<float> row = {86,  67,  68,  92,   67,   67,   110,  84,   183,  250,
                                  269, 116, 184, 183,  432,  524,  500,  142,  209,  234,
                                  417, 484, 484, 5962, 6072, 6029, 2983, 3067, 3093, 10876};
  std::vector<Tap> taps;
  double now = 1000;
  for (size_t i = 0; i < 8; ++i) {
    if (i > 0) now += static_cast<double>(row[8 + 3 * (i - 1)]);
    taps.push_back({now, now + static_cast<double>(row[i])});
    now = taps.back().up_ms;
  }
  EXPECT_EQ(timing_features(taps), row);
  EXPECT_TRUE(timing_features({}).empty());
  EXPECT_THAT(timing_features(std::vector<Tap>{{5, 12}}), ElementsAre(7, 7));
}

TEST(TouchEntry, IsReadFromALine) {
  const auto entry = parse_touch_entry(
      line_with("[[10,60],[55.5,120]]", R"({"motion-1":0.25,"motion-2":null,"other":3})"));
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->source, "keypad");
  ASSERT_EQ(entry->taps.size(), 2u);  // fingers may overlap
  const std::vector<float> values =
      touch_features(*entry, spec_of({"timing-1", "timing-3", "timing-6", "motion-1", "motion-2"}))
          .value();
  EXPECT_EQ(values[0], 50);
  EXPECT_EQ(values[1], -4.5F);
  EXPECT_EQ(values[2], 110);
  EXPECT_EQ(values[3], 0.25F);
  EXPECT_TRUE(std::isnan(values[4]));
}

TEST(TouchEntry, WrongLinesAreRefusedByTheirFault) {
  for (const auto& [line, error] : std::vector<std::pair<std::string, std::string>>{
           {"", "it is no JSON document"},
           {"[]", "the document must be an object"},
           {R"({"schema":"durward-touch/1"})", "source: is missing"},
           {line_with("[[1]]"), "taps[0]: must be two times"},
           {line_with("[[2,1]]"), "taps[0]: must not end before it begins"},
           {line_with("[[5,6],[1,9]]"), "taps[1]: must not begin before the tap before it"},
           {line_with("[[-1,6]]"), "taps[0][0]: must be milliseconds"},
           {line_with("[[1,1e16]]"), "taps[0][1]: must be milliseconds"},
           {line_with("[]", R"({"a":"x"})"), "features.a: must be a number"},
           {line_with("[]", R"({"a":1e300})"), "features.a: must be null or a number"},
           {line_with("[]", "[]"), "features: must be an object"},
       }) {
    EXPECT_THAT(std::string(parse_touch_entry(line).status().message()), StartsWith(error)) << line;
  }
  std::string many = "[";
  for (int i = 0; i < 65; ++i) absl::StrAppend(&many, i > 0 ? "," : "", "[1,2]");
  EXPECT_THAT(std::string(parse_touch_entry(line_with(many + "]")).status().message()),
              HasSubstr("at most 64"));
  EXPECT_THAT(
      std::string(parse_touch_entry(std::string(kMaxTouchLineBytes + 1, ' ')).status().message()),
      HasSubstr("more than 65536"));
}

TEST(TouchEntry, AnEntryOfAnotherLengthOrTooEmptyIsNotUsed) {
  const TouchEntry entry = parse_touch_entry(line_with("[[1,2],[3,4]]")).value();
  std::vector<std::string> names;
  for (int i = 1; i <= 10; ++i) names.push_back(absl::StrCat("timing-", i));
  EXPECT_THAT(std::string(touch_features(entry, spec_of(names)).status().message()),
              HasSubstr("2 taps; the model wants 3"));
  EXPECT_THAT(
      std::string(
          touch_features(entry, spec_of({"timing-6", "motion-1", "motion-2"})).status().message()),
      HasSubstr("2 of the model's 3 features are missing"));
}

}  // namespace
}  // namespace durward
